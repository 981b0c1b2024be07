/**
 * What has happened to an alert.
 */
import { listEvents } from '../../api/alerts.js';
import { h } from '../../dom.js';
import { counted } from '../../format/number.js';
import { describeTime, formatTime } from '../../format/time.js';
import { settings } from '../../state/settings.js';
import { groupName } from './groups.js';
import { PagedPanel } from './paged-panel.js';
import { announcementText, eventText, states, statesOf } from './words.js';

/** @typedef {import('../../api/alerts.js').AlertEvent} AlertEvent */

/** @extends {PagedPanel<AlertEvent>} */
export class AlertHistory extends PagedPanel {
  static tag = 'docket-alert-history';

  constructor() {
    super({
      title: 'History', noun: 'event', read: listEvents, table: eventsTable,
      empty: 'Nothing has happened yet. What the alert does and what is done to it stands here; checks that change nothing are left out.',
    });
  }
}

/** @param {AlertEvent[]} events */
function eventsTable(events) {
  const clock = settings.get('clock');
  return h('table', { class: 'table dense' },
    h('thead', { class: 'visually-hidden' }, h('tr', null, ...['Time', 'What happened', 'Records', 'Told'].map((name) => h('th', { scope: 'col' }, name)))),
    h('tbody', null, ...events.map((event) => h('tr', null,
      h('td', { class: 'moment' }, h('time', { datetime: event.created_at, title: describeTime(event.created_at) }, formatTime(event.created_at, clock, 0))),
      h('td', { class: `event event-${statesOf(event).state_after}` },
        h('span', { 'aria-hidden': 'true', class: 'event-symbol' }, symbolOf(event)), eventText(event), ' ', groupName(event.group?.value),
        event.error_message ? h('div', { class: 'event-error' }, event.error_message) : null),
      h('td', { class: 'number' }, event.result_count === null ? '' : counted(event.result_count, 'record')),
      h('td', { class: 'quiet-text' }, announcementText(event))))));
}

/** @param {AlertEvent} event */
function symbolOf(event) {
  const { state_after: after } = statesOf(event);
  if (event.kind === 'disable') return states.disabled.symbol;
  return after in states ? states[after].symbol : states.not_firing.symbol;
}

customElements.define(AlertHistory.tag, AlertHistory);
