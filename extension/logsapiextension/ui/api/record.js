/**
 * One record, and those around it: docs/api-logs.md.
 *
 * @typedef {import('./types.js').LogRow} LogRow
 * @typedef {{signal?: AbortSignal}} Options
 */

import { session } from '../state/session.js';

/**
 * A record, and whether its hash is that of what was read.
 * @typedef {LogRow & {hash: string, verified: boolean}} VerifiedRow
 */

/**
 * @typedef {object} RecordContext
 * @property {LogRow[]} before in the order of time
 * @property {LogRow} record
 * @property {LogRow[]} after
 */

/**
 * @param {string} id a record's id, or its hash
 * @param {string | null} timestamp where to look first, if it is known
 * @param {Options} [options]
 * @returns {Promise<VerifiedRow>}
 */
export async function getRecord(id, timestamp, { signal } = {}) {
  const path = session.projectPath + encodeURIComponent(id);
  const answer = await session.client.get(path, { query: timestamp ? { timestamp } : {}, signal });
  return answer.record;
}

/**
 * The records right before and after one.
 * @param {string} id
 * @param {string} timestamp where to look first
 * @param {{count: number, same: 'service' | 'project'}} selection how many on each side, 0 to
 *   500, and of what
 * @param {Options} [options]
 * @returns {Promise<RecordContext>}
 */
export function getContext(id, timestamp, { count, same }, { signal } = {}) {
  const query = { timestamp, before: String(count), after: String(count), same };
  return session.client.get(`${session.projectPath}${encodeURIComponent(id)}/context`, { query, signal });
}
