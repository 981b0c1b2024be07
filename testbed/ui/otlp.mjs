/**
 * Sending records of a test's own.
 */

import { key } from './fixture.mjs';

/**
 * @typedef {object} Sent
 * @property {string} body
 * @property {string} [service]
 * @property {number} [severity] 1 to 24
 * @property {number} [at] in milliseconds since 1970; now, if it is not given
 * @property {Record<string, string>} [attributes]
 */

/**
 * Stores records in a project. The next search finds them.
 * @param {number} project
 * @param {Sent[]} records
 * @param {string} [endpoint] host and port of a Docket's OTLP receiver
 */
export async function sendRecords(project, records, endpoint = process.env.DOCKET_UI_OTLP) {
  const response = await fetch(`http://${endpoint}/v1/logs`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ resourceLogs: records.map((record) => resourceLogs(project, record)) }),
  });
  if (!response.ok) throw new Error(`send records: ${response.status} ${await response.text()}`);
}

/**
 * @param {number} project
 * @param {Sent} record
 */
function resourceLogs(project, { body, service = 'payments', severity = 17, at = Date.now(), attributes = {} }) {
  return {
    resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }, { key: 'docket.project.id', value: { intValue: String(project) } }] },
    scopeLogs: [{ logRecords: [{
      timeUnixNano: `${at}000000`, severityNumber: severity, body: { stringValue: body },
      attributes: Object.entries(attributes).map(([name, value]) => ({ key: name, value: { stringValue: value } })),
    }] }],
  };
}
