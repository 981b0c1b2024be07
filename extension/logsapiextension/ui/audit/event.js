/**
 * An audit event, whichever way it came: as a record of the page, or as what an embedded
 * table gets.
 */

/**
 * Who acted. What is not known is "".
 * @typedef {{name: string, email: string, id: string, description: string}} Actor
 */

/**
 * What something was done to, as far as the event says it.
 * @typedef {{type: string, name: string, id: string}} Target
 */

/**
 * @typedef {object} AuditEvent
 * @property {string} id
 * @property {string} time ISO 8601
 * @property {string} action such as `invoice.delete`
 * @property {Actor} actor
 * @property {Target} target
 * @property {string | null} before JSON of what was, null if the event does not say
 * @property {string | null} after JSON of what is now
 * @property {boolean} failed
 * @property {string} reason why it failed
 * @property {string} message the sender's own words, "" when there are none but the action
 * @property {string} address the client's
 * @property {string} workspace the external id
 * @property {string} hash
 * @property {[string, string][]} others all else that the sender gave
 */

const metadata = 'metadata.';

/** Attributes that have a place of their own in the event, or say nothing to who reads it. */
const known = new Set([
  'user.full_name', 'user.email', 'user.id', 'docket.actor.description', 'docket.actor.type', 'docket.external_id', 'docket.source',
  'docket.record.hash', 'docket.alert.matches', 'log.record.uid', 'client.address', 'docket.request.idempotency_key',
  'docket.request.digest', 'docket.request.position', 'metadata.old', 'metadata.new', 'metadata.outcome', 'metadata.reason',
  'metadata.target_type', 'metadata.target_name', 'metadata.target_id',
]);

/**
 * The event that a record is.
 * @param {import('../api/types.js').LogRow} row
 * @returns {AuditEvent}
 */
export function eventOfRow(row) {
  const at = (/** @type {string} */ name) => row.attributes[name] ?? '';
  return {
    id: row.uuid,
    time: row.timestamp,
    action: row.event_name,
    actor: { name: at('user.full_name'), email: at('user.email'), id: at('user.id'), description: at('docket.actor.description') },
    target: { type: at('metadata.target_type'), name: at('metadata.target_name'), id: at('metadata.target_id') },
    before: row.attributes['metadata.old'] ?? null,
    after: row.attributes['metadata.new'] ?? null,
    failed: at('metadata.outcome') === 'failure',
    reason: at('metadata.reason'),
    message: row.body === row.event_name ? '' : row.body,
    address: at('client.address'),
    workspace: at('docket.external_id'),
    hash: at('docket.record.hash'),
    others: Object.entries(row.attributes)
      .filter(([name]) => !known.has(name))
      .map(([name, value]) => [name.startsWith(metadata) ? name.slice(metadata.length) : name, value]),
  };
}

/**
 * An event as the API's GET /api/embed/events has it.
 * @typedef {object} EventAnswer
 * @property {string} id
 * @property {{type: string, description?: unknown, data?: Record<string, unknown>}} actor
 * @property {string} action
 * @property {Record<string, unknown>} metadata
 * @property {Record<string, unknown>} extra
 * @property {string} external_id
 * @property {string} createdAt
 * @property {string} hash
 */

/**
 * The event of an answer.
 * @param {EventAnswer} answer
 * @returns {AuditEvent}
 */
export function eventOfAnswer({ id, actor, action, metadata: given, extra, external_id: workspace, createdAt, hash }) {
  const { old: before, new: after, outcome, reason, target_type: type, target_name: name, target_id: targetId, ...details } = given;
  const { ip, message, user_agent: agent, ...context } = extra;
  const json = (/** @type {unknown} */ value) => (value === undefined ? null : JSON.stringify(value));
  return {
    id,
    time: createdAt,
    action,
    actor: {
      name: textOf(actor.data?.name), email: textOf(actor.data?.email), id: textOf(actor.data?.internal_id), description: textOf(actor.description),
    },
    target: { type: textOf(type), name: textOf(name), id: textOf(targetId) },
    before: json(before),
    after: json(after),
    failed: outcome === 'failure',
    reason: textOf(reason),
    message: textOf(message),
    address: textOf(ip),
    workspace,
    hash,
    others: Object.entries({ ...details, ...context, ...(agent === undefined ? {} : { user_agent: agent }) })
      .map(([key, value]) => [key, textOf(value)]),
  };
}

/**
 * A value as a text: maps and lists as JSON.
 * @param {unknown} value
 * @returns {string}
 */
function textOf(value) {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
