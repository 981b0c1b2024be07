/**
 * What was sent because of an alert, and what became of it.
 */
import { listDeliveries } from '../../api/alerts.js';
import { h } from '../../dom.js';
import { counted } from '../../format/number.js';
import { formatTime } from '../../format/time.js';
import { settings } from '../../state/settings.js';
import { denseTable, momentCell } from './dense-table.js';
import { groupName } from './groups.js';
import { PagedPanel } from './paged-panel.js';
import { destinationNames, spanText } from './words.js';

/**
 * @typedef {import('../../api/alerts.js').Delivery} Delivery
 * @typedef {import('../../api/alerts.js').Attempt} Attempt
 */

const kinds = Object.freeze({ firing: 'Fired', resolved: 'Resolved', errored: 'Check failed', broken: 'Broken' });
const outcomes = Object.freeze({
  pending: { label: 'on its way', kind: 'accent' }, delivered: { label: 'delivered', kind: 'success' },
  given_up: { label: 'given up', kind: 'danger' }, dropped: { label: 'dropped', kind: '' },
});

/** @extends {PagedPanel<Delivery>} */
export class AlertDeliveries extends PagedPanel {
  static tag = 'docket-alert-deliveries';

  constructor() {
    super({
      title: 'Delivery log', noun: 'notification', read: listDeliveries, table: deliveriesTable,
      empty: 'Nothing was sent yet. Each notification stands here with its attempts.',
    });
  }
}

/** @param {Delivery[]} deliveries */
function deliveriesTable(deliveries) {
  return denseTable(['Time', 'What', 'Outcome', 'Attempts'], deliveries.map((delivery) => h('tr', null,
    momentCell(delivery.created_at),
    h('td', null, `${kinds[delivery.kind] ?? delivery.kind} → ${destinationNames[delivery.type] ?? delivery.type}`, ' ', groupName(delivery.group)),
    h('td', null, h('span', { class: `badge ${outcomes[delivery.outcome]?.kind ?? ''}`.trim() }, outcomes[delivery.outcome]?.label ?? delivery.outcome)),
    h('td', null, attempts(delivery)))));
}

/** @param {Delivery} delivery */
function attempts(delivery) {
  const clock = settings.get('clock');
  const next = delivery.next_attempt_at ? `, the next in ${spanText(Date.parse(delivery.next_attempt_at) - Date.now())}` : '';
  const summary = `${counted(delivery.attempts, 'attempt')}${next}`;
  if (delivery.last_attempts.length === 0) return h('span', { class: 'quiet-text' }, summary);
  return h('details', null, h('summary', null, summary),
    h('ol', { class: 'attempts' }, ...delivery.last_attempts.map((attempt) => h('li', null,
      h('time', { datetime: attempt.at }, formatTime(attempt.at, clock, 0)), ' ', attemptText(attempt)))));
}

/**
 * What came of an attempt.
 * @param {Attempt} attempt
 */
export function attemptText({ status, error, duration_ms: duration }) {
  if (error) return `failed: ${error} (${duration} ms)`;
  return `arrived (${status ? `status ${status}, ` : ''}${duration} ms)`;
}

customElements.define(AlertDeliveries.tag, AlertDeliveries);
