/**
 * Tables in the panels of an alert, whose heads only need to be heard.
 */
import { h } from '../../dom.js';
import { describeTime, formatTime } from '../../format/time.js';
import { settings } from '../../state/settings.js';

/**
 * @param {string[]} heads of the columns
 * @param {HTMLElement[]} rows
 */
export function denseTable(heads, rows) {
  return h('table', { class: 'table dense' },
    h('thead', { class: 'visually-hidden' }, h('tr', null, heads.map((head) => h('th', { scope: 'col' }, head)))),
    h('tbody', null, rows));
}

/**
 * A cell with a time.
 * @param {string} time ISO 8601
 */
export function momentCell(time) {
  return h('td', { class: 'moment' }, h('time', { datetime: time, title: describeTime(time) }, formatTime(time, settings.get('clock'), 0)));
}
