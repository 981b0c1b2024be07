/**
 * What has happened to an alert.
 */
import { listEvents } from '../../api/alerts.js';
import { h } from '../../dom.js';
import { counted } from '../../format/number.js';
import { denseTable, momentCell } from './dense-table.js';
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
  return denseTable(['Time', 'What happened', 'Records', 'Told'], events.map((event) => h('tr', null,
    momentCell(event.created_at),
    h('td', { class: `event event-${statesOf(event).state_after}` },
      h('span', { 'aria-hidden': 'true', class: 'event-symbol' }, symbolOf(event)), eventText(event), ' ', groupName(event.group?.value),
      event.error_message ? h('div', { class: 'event-error' }, event.error_message) : null),
    h('td', { class: 'number' }, event.result_count === null ? '' : counted(event.result_count, 'record')),
    h('td', { class: 'quiet-text' }, announcementText(event)))));
}

/** @param {AlertEvent} event */
function symbolOf(event) {
  const { state_after: after } = statesOf(event);
  if (event.kind === 'disable') return states.disabled.symbol;
  return after in states ? states[after].symbol : states.not_firing.symbol;
}

customElements.define(AlertHistory.tag, AlertHistory);
