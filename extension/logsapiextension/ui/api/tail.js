/**
 * Following records as they come: docs/tail.md.
 *
 * @typedef {import('./types.js').LogRow} LogRow
 */

import { session } from '../state/session.js';
import { EventParser, readEvents } from './event-stream.js';

/**
 * @typedef {object} TailListener
 * @property {() => void} opened the server follows now
 * @property {(rows: LogRow[]) => void} came in the order in which they were stored
 * @property {(count: number) => void} dropped so many did not fit in the server's buffer
 */

/**
 * Follows until the server or the network ends it.
 * @param {{q: string, backlog: number}} question backlog: how many of the newest records come first
 * @param {TailListener} listener
 * @param {AbortSignal} signal ends it
 * @returns {Promise<string>} why it ended, "" if nobody said; rejects with an ApiError when
 *   the server does not let us follow
 */
export async function followLogs({ q, backlog }, listener, signal) {
  const response = await session.client.raw(`${session.projectPath}tail`, { query: { q, backlog: String(backlog) }, signal });
  listener.opened();
  if (!response.body) return '';
  let reason = '';
  try {
    for await (const events of readEvents(response.body, new EventParser())) {
      /** @type {LogRow[]} */
      const rows = [];
      for (const { type, data } of events) {
        if (type === 'log') rows.push(JSON.parse(data));
        else if (type === 'dropped') listener.dropped(JSON.parse(data).count);
        else if (type === 'end') reason = JSON.parse(data).reason;
      }
      if (rows.length > 0) listener.came(rows);
    }
  } catch (error) {
    // A broken connection is an end like any other.
    if (signal.aborted || !(error instanceof TypeError)) throw error;
  }
  return reason;
}
