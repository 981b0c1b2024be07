/**
 * The state of an alert as a badge, and its last 24 hours as a bar.
 */
import { h } from '../../dom.js';
import { stateBar } from '../../elements/state-bar.js';
import { counted } from '../../format/number.js';
import { formatTime } from '../../format/time.js';
import { settings } from '../../state/settings.js';
import { shownState, spanText, states } from './words.js';

/** @typedef {import('../../api/alerts.js').Alert} Alert */

/** @type {Readonly<Record<keyof typeof states, string>>} */
const kinds = Object.freeze({ firing: 'danger', not_firing: 'success', snoozed: 'accent', broken: 'warning', disabled: '' });

/**
 * @param {Alert} alert
 */
export function stateBadge(alert) {
  const state = shownState(alert);
  const { label, symbol } = states[state];
  return h('span', { class: `badge ${kinds[state]}`.trim(), dataset: { state } }, h('span', { 'aria-hidden': 'true' }, symbol), label);
}

/**
 * @param {Alert} alert
 */
export function lastDay(alert) {
  const clock = settings.get('clock');
  const segments = alert.state_timeline.map((interval) => {
    const start = Date.parse(interval.start);
    const end = Date.parse(interval.end);
    const state = shownState(interval);
    const from = formatTime(interval.start, clock, 0);
    return { start, end, state, title: `${states[state].label} for ${spanText(end - start)} from ${from}` };
  });
  return stateBar(segments, summaryOf(segments));
}

/**
 * All of a bar as a sentence: `Last 24 hours: firing 2 times, 35 min in all; now OK`.
 * @param {{start: number, end: number, state: keyof typeof states}[]} segments
 */
function summaryOf(segments) {
  const parts = /** @type {const} */ (['firing', 'broken', 'snoozed', 'disabled']).flatMap((state) => {
    const of = segments.filter((segment) => segment.state === state);
    if (of.length === 0) return [];
    const all = of.reduce((sum, { start, end }) => sum + end - start, 0);
    return [`${states[state].label.toLowerCase()} ${counted(of.length, 'time')}, ${spanText(all)} in all`];
  });
  const last = segments.at(-1);
  const now = last ? `; now ${states[last.state].label}` : '';
  return `Last 24 hours: ${parts.length > 0 ? parts.join('; ') : 'always OK'}${now}`;
}
