/**
 * Alerts, their destinations and their history: docs/alerts.md.
 */
import { session } from '../state/session.js';

/** @typedef {'not_firing' | 'firing' | 'snoozed' | 'broken'} AlertState */
/** @typedef {'slack' | 'webhook' | 'teams' | 'discord' | 'pagerduty' | 'email'} DestinationType */
/** @typedef {'firing' | 'resolved' | 'errored' | 'broken'} NotificationKind */

/**
 * Times of every day in which nothing is announced.
 * @typedef {object} QuietHours
 * @property {{start: string, end: string}[]} blocked_windows
 * @property {string} [timezone] a name of the IANA database; none is UTC
 */

/**
 * A field, as a leaf of PostHog's filters names it.
 * @typedef {{type: 'log' | 'log_attribute' | 'log_resource_attribute', key: string}} GroupBy
 */

/**
 * What an alert knows of one value of the field that it groups by.
 * @typedef {object} AlertGroup
 * @property {string} value
 * @property {AlertState} state
 * @property {number} last_count
 * @property {string} since when it came into its state
 * @property {string | null} last_seen_at
 * @property {string | null} last_notified_at
 */

/**
 * A time in which an alert was in one state.
 * @typedef {object} StateInterval
 * @property {string} start
 * @property {string} end
 * @property {AlertState} state
 * @property {boolean} enabled
 */

/**
 * What people say of an alert.
 * @typedef {object} AlertSettings
 * @property {string} name
 * @property {boolean} enabled
 * @property {Record<string, unknown> & {q?: string}} filters
 * @property {number} threshold_count
 * @property {'above' | 'below'} threshold_operator
 * @property {number} window_minutes 5, 10, 15, 30 or 60
 * @property {number} evaluation_periods M, how many windows a check looks at
 * @property {number} datapoints_to_alarm N, how many of them must breach
 * @property {number} cooldown_minutes
 * @property {QuietHours | null} schedule_restriction
 * @property {number} evaluation_delay_seconds
 * @property {number | null} recovery_threshold
 * @property {'count' | 'breach' | 'keep'} no_data
 * @property {GroupBy | null} group_by
 */

/**
 * What Docket says of an alert.
 * @typedef {object} AlertStatus
 * @property {string} id
 * @property {number} check_interval_minutes
 * @property {AlertState} state
 * @property {string | null} snooze_until
 * @property {string | null} next_check_at
 * @property {string | null} last_notified_at
 * @property {string | null} last_checked_at
 * @property {number} consecutive_failures
 * @property {string | null} last_error_message
 * @property {StateInterval[]} state_timeline of the last 24 hours, the oldest first, without gaps
 * @property {DestinationType[]} destination_types
 * @property {string} created_at
 * @property {{first_name: string}} created_by
 * @property {string} updated_at
 * @property {boolean} provisioned true for an alert that comes from the configuration
 * @property {AlertGroup[]} groups
 * @property {number} groups_left_out how many values there are that are not watched
 */

/** @typedef {AlertSettings & AlertStatus} Alert */

/**
 * @typedef {object} SimulatedCheck
 * @property {string} timestamp
 * @property {number} count of the newest window
 * @property {boolean} threshold_breached
 * @property {AlertState} state
 * @property {'none' | 'fire' | 'resolve'} notification
 * @property {string} reason a sentence
 * @property {{value: string, count: number, state: AlertState, notification: 'none' | 'fire' | 'resolve'}[]} [groups]
 *   to which something happens
 */

/**
 * @typedef {object} Simulation
 * @property {SimulatedCheck[]} buckets
 * @property {number} fire_count
 * @property {number} resolve_count
 * @property {number} total_buckets
 * @property {number} threshold_count
 * @property {'above' | 'below'} threshold_operator
 * @property {number} [groups_left_out]
 */

/**
 * An entry in the history of an alert.
 * @typedef {object} AlertEvent
 * @property {string} id
 * @property {string} created_at
 * @property {'check' | 'reset' | 'enable' | 'disable' | 'snooze' | 'unsnooze' | 'threshold_change' | 'verdict_changed' |
 *   'group_gone' | 'groups_left_out'} kind
 * @property {AlertState} state_before
 * @property {AlertState} state_after
 * @property {boolean} threshold_breached
 * @property {number | null} result_count
 * @property {string | null} error_message
 * @property {NotificationKind | null} notification
 * @property {'cooldown' | 'quiet_hours' | null} held_by
 * @property {string | null} window_from
 * @property {string | null} window_to
 * @property {{value: string, state_before: AlertState, state_after: AlertState} | null} [group] null for the alert as a whole
 */

/**
 * @typedef {object} Destination
 * @property {string} id
 * @property {DestinationType} type
 * @property {string[]} hog_function_ids
 * @property {string} created_at
 * @property {string} target where it goes, without what is secret
 */

/**
 * @typedef {object} Attempt
 * @property {string} at
 * @property {number} [status] the HTTP status of the answer; missing if there was none
 * @property {string} [error] missing if it worked
 * @property {number} duration_ms
 */

/**
 * A notification on its way, or what has become of it.
 * @typedef {object} Delivery
 * @property {string} id
 * @property {string} created_at
 * @property {NotificationKind} kind
 * @property {string} destination_id
 * @property {DestinationType} type
 * @property {'pending' | 'delivered' | 'given_up' | 'dropped'} outcome
 * @property {number} attempts
 * @property {Attempt[]} last_attempts
 * @property {string | null} next_attempt_at
 * @property {string | null} [group] the value of group_by that it is about
 */

/** @typedef {{signal?: AbortSignal}} Options */

/**
 * @template T
 * @typedef {{count: number, results: T[]}} Page
 */

/** @param {...string} segments */
const path = (...segments) => `${session.projectPath}alerts/${segments.map((segment) => `${encodeURIComponent(segment)}/`).join('')}`;

/**
 * Returns all alerts of the project, the newest first.
 * @param {Options} [options]
 * @returns {Promise<Alert[]>}
 */
export async function listAlerts({ signal } = {}) {
  const page = await session.client.get(path(), { query: { limit: '10000' }, signal });
  return page.results;
}

/**
 * @param {string} id
 * @param {Options} [options]
 * @returns {Promise<Alert>}
 */
export function getAlert(id, { signal } = {}) {
  return session.client.get(path(id), { signal });
}

/**
 * @param {AlertSettings} settings
 * @returns {Promise<Alert>}
 */
export function createAlert(settings) {
  return session.client.post(path(), settings);
}

/**
 * Changes what is given and leaves the rest. A snooze_until of null ends a snooze.
 * @param {string} id
 * @param {Partial<AlertSettings> & {snooze_until?: string | null}} change
 * @returns {Promise<Alert>}
 */
export function changeAlert(id, change) {
  return session.client.patch(path(id), change);
}

/** @param {string} id */
export async function deleteAlert(id) {
  await session.client.delete(path(id));
}

/**
 * Lets a broken alert be checked again.
 * @param {string} id
 * @returns {Promise<Alert>}
 */
export function resetAlert(id) {
  return session.client.post(path(id, 'reset'), {});
}

/**
 * Says what an alert would have done from a date on.
 * @param {Partial<AlertSettings> & {check_interval_minutes: number, date_from: string}} question
 * @param {Options} [options]
 * @returns {Promise<Simulation>}
 */
export function simulateAlert(question, { signal } = {}) {
  return session.client.post(path('simulate'), question, { signal });
}

/**
 * @param {string} id
 * @param {Options & {limit: number, offset: number}} options
 * @returns {Promise<Page<AlertEvent>>} the newest first
 */
export function listEvents(id, { limit, offset, signal }) {
  return session.client.get(path(id, 'events'), { query: { limit: String(limit), offset: String(offset) }, signal });
}

/**
 * @param {string} id
 * @param {Options} [options]
 * @returns {Promise<Destination[]>}
 */
export async function listDestinations(id, { signal } = {}) {
  const page = await session.client.get(path(id, 'destinations'), { signal });
  return page.results;
}

/**
 * @param {string} id
 * @param {Record<string, unknown>} target with a type and what destinations of the type need
 * @returns {Promise<{id: string, hog_function_ids: string[], secret?: string}>} the secret signs webhooks and is shown only now
 */
export function addDestination(id, target) {
  return session.client.post(path(id, 'destinations'), target);
}

/**
 * @param {string} id
 * @param {Destination} destination
 */
export async function deleteDestination(id, destination) {
  await session.client.post(path(id, 'destinations', 'delete'), { hog_function_ids: destination.hog_function_ids });
}

/**
 * Sends a message at once.
 * @param {string} id
 * @param {string} destinationId
 * @returns {Promise<{delivered: boolean, attempt: Attempt}>}
 */
export function testDestination(id, destinationId) {
  return session.client.post(path(id, 'destinations', 'test'), { id: destinationId });
}

/**
 * @param {string} id
 * @param {Options & {limit: number, offset: number}} options
 * @returns {Promise<Page<Delivery>>} the newest first
 */
export function listDeliveries(id, { limit, offset, signal }) {
  return session.client.get(path(id, 'deliveries'), { query: { limit: String(limit), offset: String(offset) }, signal });
}
