/**
 * What alerts are and do, in words.
 */
import { counted, formatCount } from '../../format/number.js';
import { fromGroupBy } from './group-by.js';

/** @typedef {import('../../api/alerts.js').Alert} Alert */

/** What a state is called and how it looks, by the state or `disabled`. */
export const states = Object.freeze({
  firing: { label: 'Firing', symbol: '▲' },
  not_firing: { label: 'OK', symbol: '●' },
  snoozed: { label: 'Snoozed', symbol: '◐' },
  broken: { label: 'Broken', symbol: '✕' },
  disabled: { label: 'Off', symbol: '○' },
});

/** @typedef {keyof typeof states} ShownState */

/**
 * The state to show: one that is switched off does nothing, whatever it did before.
 * @param {{state: string, enabled: boolean}} of an alert or a time of it
 * @returns {ShownState}
 */
export function shownState({ state, enabled }) {
  if (!enabled) return 'disabled';
  return state in states ? /** @type {ShownState} */ (state) : 'not_firing';
}

/** What a destination is called, by its type. */
export const destinationNames = Object.freeze({
  webhook: 'Webhook',
  slack: 'Slack',
  teams: 'Microsoft Teams',
  discord: 'Discord',
  pagerduty: 'PagerDuty',
  email: 'E-mail',
});

/**
 * `more than 10 records in 5 minutes, in 2 of 3 windows`.
 * @param {Pick<Alert, 'threshold_count' | 'threshold_operator' | 'window_minutes' | 'evaluation_periods' | 'datapoints_to_alarm' | 'group_by'>} alert
 */
export function conditionText(alert) {
  const than = alert.threshold_operator === 'below' ? 'fewer than' : 'more than';
  const records = alert.threshold_count === 1 ? 'record' : 'records';
  const windows = alert.evaluation_periods > 1
    ? `, in ${alert.datapoints_to_alarm} of ${alert.evaluation_periods} windows`
    : '';
  const groups = alert.group_by ? `, for each ${fromGroupBy(alert.group_by)}` : '';
  return `${than} ${formatCount(alert.threshold_count)} ${records} in ${minutesText(alert.window_minutes)}${windows}${groups}`;
}

/**
 * How often: `every minute`, `every 5 minutes`.
 * @param {number} minutes
 */
export function everyText(minutes) {
  return minutes === 1 ? 'every minute' : `every ${minutesText(minutes)}`;
}

/** @param {number} minutes */
export function minutesText(minutes) {
  if (minutes > 0 && minutes % 1440 === 0) return counted(minutes / 1440, 'day');
  if (minutes > 0 && minutes % 60 === 0) return counted(minutes / 60, 'hour');
  return counted(minutes, 'minute');
}

/**
 * A span of time in its largest units: `2 d 3 h`, `12 min`, `40 s`.
 * @param {number} milliseconds
 */
export function spanText(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  /** @type {[number, string][]} */
  const parts = [[Math.floor(seconds / 86400), 'd'], [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'], [seconds % 60, 's']];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first < 0) return '0 s';
  // Seconds beside hours, or minutes beside days, are noise.
  return parts.slice(first, first + 2).filter(([amount, unit]) => amount > 0 && (unit !== 's' || first > 1))
    .map(([amount, unit]) => `${amount} ${unit}`).join(' ');
}

/** @typedef {import('../../api/alerts.js').AlertEvent} AlertEvent */

/**
 * What happened, as a sentence.
 * @param {AlertEvent} event
 */
export function eventText(event) {
  switch (event.kind) {
    case 'check': return checkText(event);
    case 'reset': return 'Reset';
    case 'enable': return 'Switched on';
    case 'disable': return 'Switched off';
    case 'snooze': return 'Snoozed';
    case 'unsnooze': return 'Snooze ended by hand';
    case 'threshold_change': return 'Condition changed';
    case 'group_gone': return 'Gone: a day without records';
    case 'groups_left_out': return 'There are more values than are watched';
    case 'verdict_changed': return event.threshold_breached
      ? 'Late records: it would have fired'
      : 'Late records: it would have been clear';
    default: return event.kind;
  }
}

/**
 * The states before and after, of the group if it is about one.
 * @param {AlertEvent} event
 */
export function statesOf(event) {
  return event.group ?? event;
}

/** @param {AlertEvent} event */
function checkText(event) {
  const { state_before: before, state_after: after } = statesOf(event);
  if (event.error_message) return after === 'broken' ? 'Broken after too many failures' : 'A check failed';
  if (before === after) return 'Checked';
  switch (after) {
    case 'firing': return 'Fired';
    case 'broken': return 'Broken';
    default: return before === 'snoozed' ? 'Snooze is over' : 'Resolved';
  }
}

/**
 * What became of telling people, as words.
 * @param {AlertEvent} event
 */
export function announcementText(event) {
  if (event.held_by === 'cooldown') return 'not announced: cooldown';
  if (event.held_by === 'quiet_hours') return 'not announced: quiet hours';
  return event.notification ? 'announced' : '';
}
