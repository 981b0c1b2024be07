/**
 * The values of the field that an alert groups by, each with its state.
 */
import { h } from '../../dom.js';
import { icon } from '../../elements/icons.js';
import { counted } from '../../format/number.js';
import { describeTime, relativeTime } from '../../format/time.js';
import { denseTable } from './dense-table.js';
import { fromGroupBy } from './group-by.js';
import { states } from './words.js';

/** @typedef {import('../../api/alerts.js').Alert} Alert */

/**
 * @param {Alert} alert
 * @returns {HTMLElement | null} null for an alert that does not group
 */
export function groupsPanel(alert) {
  if (!alert.group_by) return null;
  const field = fromGroupBy(alert.group_by);
  const groups = [...alert.groups].sort((a, b) => Number(b.state === 'firing') - Number(a.state === 'firing') || b.last_count - a.last_count);
  const firing = groups.filter(({ state }) => state === 'firing').length;
  return h('section', { class: 'panel paged-panel' },
    h('header', null, h('h2', null, `For each ${field}`), h('span', { class: 'quiet-text' }, `${firing} of ${counted(groups.length, 'value')} firing`)),
    alert.groups_left_out > 0
      ? h('p', { class: 'panel-empty tells-nobody' }, icon('warning', { size: 14 }),
        `${counted(alert.groups_left_out, 'more value')} ${alert.groups_left_out === 1 ? 'is' : 'are'} not watched: an alert watches only so many.`)
      : null,
    groups.length === 0
      ? h('p', { class: 'quiet-text panel-empty' }, 'No check has found a record yet.')
      : h('div', { class: 'groups-table', tabindex: 0, role: 'region', 'aria-label': `States for each ${field}` },
        denseTable(['State', 'Value', 'Records', 'Since'], groups.map(groupRow))));
}

/** @param {import('../../api/alerts.js').AlertGroup} group */
function groupRow({ value, state, last_count: count, since }) {
  const { label, symbol } = states[state];
  return h('tr', null,
    h('td', { class: `event event-${state} group-state` }, h('span', { class: 'event-symbol', 'aria-hidden': 'true' }, symbol), label),
    h('td', null, groupName(value)),
    h('td', { class: 'number' }, counted(count, 'record')),
    h('td', { class: 'quiet-text' }, 'since ', h('time', { datetime: since, title: describeTime(since) }, relativeTime(Date.parse(since)))));
}

/**
 * @param {string | null | undefined} value
 */
export function groupName(value) {
  if (value === null || value === undefined) return null;
  return h('code', { class: 'group-name' }, value === '' ? '(empty)' : value);
}
