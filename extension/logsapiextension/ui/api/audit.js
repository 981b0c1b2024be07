/**
 * Audit events: records that say who acted, as those in LogHub's format do, and those of Docket's
 * own audit trail.
 */

import { session } from '../state/session.js';
import { written } from '../query/compose.js';
import { eventOfRow } from '../audit/event.js';

/**
 * Which events are asked for. "" is any.
 * @typedef {object} AuditFilter
 * @property {string} actor what the actor's name, address, id or description contains
 * @property {string} action what the action contains
 * @property {string} workspace the external id, as a whole
 * @property {string} from as in the address of the page
 * @property {string} to
 */

/**
 * The search text that finds the events.
 * @param {AuditFilter} filter
 * @returns {string}
 */
export function searchText({ actor, action, workspace }) {
  const parts = ['docket.actor.type:*'];
  if (actor !== '') {
    const fields = ['user.full_name', 'user.email', 'user.id', 'docket.actor.description'];
    parts.push(`(${fields.map((field) => `${field}~${written(actor)}`).join(' OR ')})`);
  }
  if (action !== '') parts.push(`event~${written(action)}`);
  if (workspace !== '') parts.push(`docket.external_id=${written(workspace)}`);
  return parts.join(' ');
}

/**
 * A page of events, the newest first.
 * @param {AuditFilter} filter
 * @param {{after: string | null, limit: number, signal?: AbortSignal}} options
 * @returns {Promise<{events: import('../audit/event.js').AuditEvent[], next: string | null}>}
 */
export async function listAuditEvents(filter, { after, limit, signal }) {
  const query = {
    q: searchText(filter), dateRange: { date_from: filter.from, date_to: filter.to === 'now' ? null : filter.to },
    limit, orderBy: 'latest', ...(after === null ? {} : { after }),
  };
  const answer = await session.client.post(`${session.projectPath}query`, { query }, { signal });
  return { events: answer.results.map(eventOfRow), next: answer.nextCursor };
}

/**
 * What the server exports of one record: the whole of it, as OTLP/JSON.
 * @param {{id: string, time: string}} event
 * @param {AbortSignal} signal
 * @returns {Promise<any>}
 */
export async function exportedRecord({ id, time }, signal) {
  const query = { q: `id:${written(id)}`, dateRange: { date_from: time, date_to: time } };
  const response = await session.client.raw(`${session.projectPath}export`, {
    query: { format: 'otlp', query: JSON.stringify(query) }, signal,
  });
  return JSON.parse((await response.text()).split('\n', 1)[0] || '{}');
}
