/**
 * The states of an alert over time as a bar. Besides colour, heights tell them apart: firing
 * is as high as the bar, snoozed half, what is fine a third, and switched off a line.
 */
import { svg } from '../dom.js';

/**
 * @typedef {object} BarSegment
 * @property {number} start in milliseconds since 1970
 * @property {number} end
 * @property {'firing' | 'not_firing' | 'snoozed' | 'broken' | 'disabled'} state
 * @property {string} title what one reads who points at it
 */

const width = 1440;
const height = 24;
/** Shorter than that a firing would not be seen. */
const leastWidth = 6;

/** @type {Record<BarSegment['state'], number>} */
const heights = { firing: height, broken: height, snoozed: 14, not_firing: 8, disabled: 2 };

/**
 * @param {BarSegment[]} segments the oldest first, without gaps
 * @param {string} label says all of it in a sentence
 * @returns {SVGElement}
 */
export function stateBar(segments, label) {
  const bar = svg('svg', {
    class: 'state-bar', role: 'img', 'aria-label': label, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none',
  });
  const first = segments[0]?.start ?? 0;
  const scale = width / Math.max(1, (segments.at(-1)?.end ?? 1) - first);
  // What is worth seeing comes last, so that its neighbours do not hide it.
  const order = [...segments].sort((a, b) => heights[a.state] - heights[b.state]);
  for (const segment of order) {
    const isNotable = segment.state === 'firing' || segment.state === 'broken';
    const length = Math.max((segment.end - segment.start) * scale, isNotable ? leastWidth : 0);
    const left = Math.min((segment.start - first) * scale, width - length);
    const tall = heights[segment.state];
    bar.append(svg('rect', {
      class: `state-${segment.state}`, x: left.toFixed(1), y: String(height - tall), width: length.toFixed(1), height: String(tall),
    }, svg('title', {}, segment.title)));
  }
  return bar;
}
