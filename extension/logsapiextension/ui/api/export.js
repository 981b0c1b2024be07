/**
 * Taking out all that a query finds: docs/query-api.md, "export".
 *
 * @typedef {import('../format/record-count.js').ExportFormat} ExportFormat
 */

import { RecordCounter } from '../format/record-count.js';
import { session } from '../state/session.js';

/**
 * @typedef {object} ExportRequest
 * @property {import('./types.js').LogQuery} query
 * @property {ExportFormat} format
 * @property {string[]} columns none stands for all there is
 *
 * @typedef {object} ExportProgress
 * @property {number} records
 * @property {number} bytes
 *
 * @typedef {object} ExportTarget where the bytes go
 * @property {(bytes: Uint8Array<ArrayBuffer>) => Promise<void>} write
 */

/**
 * Reads an export into a target, until its end.
 * @param {ExportRequest} request
 * @param {ExportTarget} target
 * @param {{signal: AbortSignal, onprogress: (progress: ExportProgress) => void}} options
 * @returns {Promise<ExportProgress & {filename: string}>} rejects when the answer is broken
 *   off, so that a part is never taken for the whole
 */
export async function exportLogs({ query, format, columns }, target, { signal, onprogress }) {
  const response = await session.client.raw(`${session.projectPath}export`, {
    method: 'POST',
    query: { format },
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(columns.length > 0 ? { query, columns } : { query }),
    signal,
  });
  const counter = new RecordCounter(format);
  let bytes = 0;
  const reader = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { records: counter.records, bytes, filename: filenameOf(response, format) };
    bytes += value.length;
    counter.push(value);
    await target.write(value);
    onprogress({ records: counter.records, bytes });
  }
}

/**
 * @param {Response} response
 * @param {ExportFormat} format
 */
function filenameOf(response, format) {
  const disposition = response.headers.get('Content-Disposition') ?? '';
  return /filename="?([\w.-]+)"?/.exec(disposition)?.[1] ?? `logs.${format}`;
}
