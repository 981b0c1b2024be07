/**
 * One pattern in the table of patterns.
 *
 * @typedef {import('../../api/types.js').Pattern} Pattern
 * @typedef {import('../../api/types.js').PatternChange} PatternChange
 */

import { h, svg } from '../../dom.js';
import { icon } from '../../elements/icons.js';
import { levelOf, levels } from '../../format/level.js';
import { counted, formatPercent, formatShortCount } from '../../format/number.js';
import { patternParts, searchForPattern } from './pattern-search.js';
import { levelElement, oneLine } from './row.js';

/**
 * @typedef {object} PatternRowOptions
 * @property {string} q the search that found the records
 * @property {number} most the count of the most frequent pattern
 * @property {PatternChange | null} change against the week before
 * @property {boolean} isPending whether the change will be known soon
 * @property {(q: string) => void} onsearch
 */

/**
 * @param {Pattern} pattern
 * @param {PatternRowOptions} options
 * @returns {HTMLTableRowElement}
 */
export function patternRow(pattern, options) {
  const { change, most } = options;
  const isGone = change?.classification === 'gone';
  const share = h('span', { class: 'patterns-bar' });
  share.style.width = `${Math.max(1, (100 * pattern.estimated_count) / Math.max(most, 1))}%`;
  return h(
    'tr',
    { class: isGone ? 'is-gone' : null },
    h('td', null, isGone ? null : trend(pattern)),
    h('td', { class: 'number' }, formatShortCount(pattern.estimated_count), share),
    h('td', { class: 'number' }, formatPercent(pattern.volume_share_pct)),
    h('td', null, changeOf(options)),
    h('td', { class: 'patterns-text' }, patternText(pattern, options), details(pattern)),
  );
}

/**
 * The counts of 24 parts of the time as bars.
 * @param {Pattern} pattern
 */
function trend({ sparkline, severity_counts: severities }) {
  const [width, height, gap] = [96, 20, 1];
  const most = Math.max(...sparkline, 1);
  const each = width / Math.max(sparkline.length, 1);
  const worst = levels.findLast((level) => (severities[level] ?? 0) > 0) ?? 'unspecified';
  return svg(
    'svg',
    { class: 'patterns-trend', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': trendText(sparkline), 'data-level': levelOf(worst) },
    sparkline.map((count, index) => {
      const size = count === 0 ? 1 : Math.max(2, (height * count) / most);
      return svg('rect', { x: index * each, y: height - size, width: each - gap, height: size, class: count === 0 ? 'is-none' : null });
    }),
  );
}

/** @param {number[]} sparkline */
function trendText(sparkline) {
  const half = Math.floor(sparkline.length / 2);
  /** @param {number[]} counts */
  const sum = (counts) => counts.reduce((total, count) => total + count, 0);
  const [first, second] = [sum(sparkline.slice(0, half)), sum(sparkline.slice(half))];
  if (second > 1.5 * first) return 'more and more';
  return first > 1.5 * second ? 'fewer and fewer' : 'about as many all the time';
}

/** @param {PatternRowOptions} options */
function changeOf({ change, isPending }) {
  if (!change) return h('span', { class: 'quiet-text' }, isPending ? '…' : '—');
  const { classification, rate_ratio: ratio, baseline_estimated_count: baseline } = change;
  if (classification === 'new') return h('span', { class: 'badge accent' }, icon('sparkle', { size: 12 }), 'New');
  if (classification === 'gone') return h('span', { class: 'badge' }, 'Gone');
  if (ratio === null) return h('span', { class: 'quiet-text' }, 'had none');
  const times = `${ratio >= 10 ? Math.round(ratio) : Number(ratio.toPrecision(2))}×`;
  // Of few records nothing can be claimed but how many there were.
  if (classification === 'unchanged') return h('span', { class: 'quiet-text' }, ratio > 0.5 && ratio < 2 ? 'as many' : `had ${formatShortCount(baseline ?? 0)}`);
  const isMore = ratio > 1;
  return h('span', { class: `badge ${isMore ? 'warning' : 'success'}` }, icon(isMore ? 'chevron-up' : 'chevron-down', { size: 12 }), `${times} ${isMore ? 'more' : 'as many'}`);
}

/**
 * @param {Pattern} pattern
 * @param {PatternRowOptions} options
 */
function patternText(pattern, { q, onsearch }) {
  const found = searchForPattern(q, pattern, false);
  const others = searchForPattern(q, pattern, true);
  const words = h('span', { class: 'patterns-words' }, patternParts(pattern.pattern).map(({ text, varies }) => (varies ? h('span', { class: 'patterns-varies' }, text) : text)));
  if (found === null || others === null) return h('div', { class: 'patterns-line', title: 'Too much of it varies to search for it' }, words);
  return h(
    'div',
    { class: 'patterns-line' },
    h('button', { type: 'button', class: 'patterns-open', title: 'Show these records', dataset: { key: `open ${pattern.pattern}` }, onclick: () => onsearch(found) }, words),
    h('button', { type: 'button', class: 'icon-button', title: 'Leave these records out', 'aria-label': `Leave out: ${pattern.pattern.slice(0, 80)}`, dataset: { key: `out ${pattern.pattern}` }, onclick: () => onsearch(others) }, icon('zoom-out')),
  );
}

/** @param {Pattern} pattern */
function details({ pattern, examples, services, severity_counts: severities }) {
  const present = levels.filter((level) => (severities[level] ?? 0) > 0).reverse();
  return h(
    'details',
    { class: 'patterns-details' },
    h('summary', { dataset: { key: `examples ${pattern}` } },
      present.map((level) => [levelElement(level), ' ']),
      h('span', { class: 'quiet-text' }, services.filter((name) => name !== '').join(', ') || 'no service', ' · ', counted(examples.length, 'example'))),
    h('ul', null, examples.map(({ body }) => h('li', null, oneLine(body)))),
  );
}
