/**
 * The commands that send a first event in each format.
 * @module
 */

/**
 * What the commands are about.
 * @typedef {object} Target
 * @property {string} ingest where LogSentry, LogHub and CodeMash are taken: `http://host:8318`
 * @property {string} otlp where OTLP over HTTP is taken: `http://host:4318`
 * @property {string} token a key that may post records
 * @property {import('../state/session.js').Project} project
 */

/**
 * @typedef {{id: string, label: string, note: string, command: (target: Target) => string}} Format
 */

/** @type {Format[]} */
export const formats = [
  {
    id: 'logsentry',
    label: 'LogSentry',
    note: 'Log lines with a level, as LogSentry’s clients post them.',
    command: ({ ingest, token, project }) => lines(
      `curl -sS ${quote(`${ingest}/api/auditlog`)}`,
      `-H ${quote(`Authorization: Bearer ${token}`)}`,
      `-H 'Content-Type: application/json'`,
      `-d ${body({ project: project.id, level: 6, msg: 'Hello from LogSentry', context: { method: 'reset link' }, user: { id: 42 } })}`,
    ),
  },
  {
    id: 'loghub',
    label: 'LogHub',
    note: 'Audit events: who did what, with what was before and after.',
    command: ({ ingest, token, project }) => lines(
      `curl -sS ${quote(`${ingest}/v1/event`)}`,
      `-H ${quote(`token: ${token}`)}`,
      `-H ${quote(`organization: ${project.organization}`)}`,
      `-H 'Content-Type: application/json'`,
      `-d ${body({
        actor: { type: 'user', data: { name: 'Jo', email: 'jo@example.com', internal_id: '42' } },
        action: 'settings.updated', external_id: 'workspace-7',
        metadata: { old: { theme: 'dark' }, new: { theme: 'light' } },
        context: { location: '192.0.2.7', user_agent: 'curl' },
      })}`,
    ),
  },
  {
    id: 'codemash',
    label: 'CodeMash',
    note: 'Messages with items of your own, as CodeMash’s clients post them.',
    command: ({ ingest, token, project }) => lines(
      `curl -sS ${quote(`${ingest}/v1/logs`)}`,
      `-H ${quote(`Authorization: Bearer ${token}`)}`,
      `-H ${quote(`x-cm-projectid: ${project.id}`)}`,
      `-H 'Content-Type: application/json'`,
      `-d ${body({ message: 'Hello from CodeMash', level: 'Information', items: { order: '1009' } })}`,
    ),
  },
  {
    id: 'otlp',
    label: 'OpenTelemetry',
    note: 'Any OpenTelemetry SDK or collector sends this: set its endpoint and the header once.',
    command: ({ otlp, token }) => lines(
      `curl -sS ${quote(`${otlp}/v1/logs`)}`,
      `-H ${quote(`Authorization: Bearer ${token}`)}`,
      `-H 'Content-Type: application/json'`,
      `-d ${body({
        resourceLogs: [{
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'checkout' } }] },
          scopeLogs: [{ logRecords: [{ severityText: 'INFO', body: { stringValue: 'Hello from OpenTelemetry' } }] }],
        }],
      })}`,
    ),
  },
];

/** What an OpenTelemetry SDK needs to be told, as its environment variables. */
export const sdkCommand = (/** @type {Target} */ { otlp, token }) => [
  `export OTEL_EXPORTER_OTLP_ENDPOINT=${quote(otlp)}`,
  `export OTEL_EXPORTER_OTLP_HEADERS=${quote(`authorization=Bearer%20${token}`)}`,
].join('\n');

/** @param {...string} parts */
function lines(...parts) {
  return parts.join(' \\\n  ');
}

/**
 * The text as one word of a shell.
 * @param {string} text
 */
function quote(text) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** @param {object} value */
function body(value) {
  // With line breaks for spaces, which texts inside cannot have.
  return quote(JSON.stringify(value, null, 1).replace(/\n\s*/g, ' '));
}
