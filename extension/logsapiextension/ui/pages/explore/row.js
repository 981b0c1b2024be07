/**
 * One record as a row of the table.
 *
 * @typedef {import('../../api/types.js').LogRow} LogRow
 * @typedef {import('../../format/time.js').Clock} Clock
 * @typedef {import('./columns.js').Column} Column
 */

import { h } from '../../dom.js';
import { icon } from '../../elements/icons.js';
import { levelLabel, levelOf } from '../../format/level.js';
import { formatShortTime, formatTime } from '../../format/time.js';
import { valueOf } from './columns.js';

/** How much of a text a row can show; more would only cost time. */
const longestShown = 1000;

/**
 * @typedef {object} RowLook
 * @property {Column[]} columns
 * @property {Clock} clock
 * @property {boolean} isNarrow true where there is little room: times are short
 * @property {string[]} words what was searched for in messages, to be marked
 */

/**
 * Makes rows that look the same. One row is the model of all others: copying it is several
 * times as fast as making each, and rows are made by the dozen between two frames.
 * @param {RowLook} look
 * @returns {(record: LogRow, index: number) => HTMLElement} makes the row of a record
 */
export function rowMaker(look) {
  const model = h(
    'div',
    { role: 'row', class: 'rows-row', 'aria-level': 1, 'aria-expanded': 'false', tabindex: -1 },
    h('div', { role: 'gridcell', class: 'rows-cell is-toggle' }, icon('chevron-right', { size: 12 })),
    look.columns.map((column) => h('div', { role: 'gridcell', class: `rows-cell is-${column.kind}`, dataset: { column: column.name } })),
  );
  return (record, index) => {
    const row = /** @type {HTMLElement} */ (model.cloneNode(true));
    row.setAttribute('aria-rowindex', String(index + 2));
    row.dataset.level = levelOf(record.level);
    row.dataset.id = record.uuid;
    look.columns.forEach((column, at) => {
      const content = contentOf(column, valueOf(record, column.name), record, look);
      if (content !== null) row.children[at + 1].append(...content);
    });
    return row;
  };
}

/**
 * @param {Column} column
 * @param {string | null} value
 * @param {LogRow} record
 * @param {RowLook} look
 * @returns {(Node | string)[] | null}
 */
function contentOf({ name, kind, label }, value, record, { clock, isNarrow, words }) {
  if (kind === 'time') return [timeElement(value ?? '', clock, isNarrow)];
  if (kind === 'level') return [levelElement(value ?? '')];
  if (kind === 'message') return value ? marked(oneLine(value), words) : [noMessage(record)];
  if (value === null) return null;
  return isNarrow && name !== 'service' ? [h('span', { class: 'rows-label' }, `${label}=`), oneLine(value)] : [oneLine(value)];
}

/**
 * A time, which says all of it when it is pointed at: see describeTimesIn.
 * @param {string} text ISO 8601
 * @param {Clock} clock
 * @param {boolean} [isShort]
 * @returns {HTMLElement}
 */
export function timeElement(text, clock, isShort = false) {
  return h('time', { datetime: text }, isShort ? formatShortTime(text, clock) : formatTime(text, clock));
}

/**
 * A level by its word, in its colour.
 * @param {string} text
 * @returns {HTMLElement}
 */
export function levelElement(text) {
  return h('span', { class: 'level', dataset: { level: levelOf(text) } }, levelLabel(text));
}

/**
 * An audit event may have no message: its name says what happened.
 * @param {LogRow} record
 */
function noMessage(record) {
  return h('span', { class: 'quiet-text' }, record.event_name || 'no message');
}

/**
 * The beginning of a text on one line, with a sign where lines end.
 * @param {string} text
 * @returns {string}
 */
export function oneLine(text) {
  const shown = text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
  return shown.replace(/\s*[\r\n]+\s*/g, ' ↵ ');
}

/**
 * @param {string} text
 * @param {string[]} words
 * @returns {(Node | string)[]}
 */
function marked(text, words) {
  if (words.length === 0) return [text];
  const pattern = new RegExp(`(${words.map(escaped).join('|')})`, 'giu');
  // A split by a pattern with a group has what it found at the odd places.
  return text.split(pattern).map((part, index) => (index % 2 === 1 ? h('mark', null, part) : part));
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
