/**
 * The hash of a record, computed here from what the server exports: so that whoever looks
 * need not take the server's word for it. docs/record.md is the reference.
 */

/**
 * @typedef {{key: string, value: Value}} Pair
 * @typedef {Record<string, any>} Value a value of OTLP/JSON
 */

/** Attributes that the hash does not cover. */
const uncovered = new Set(['docket.record.hash', 'docket.alert.matches']);

const logMembers = ['eventName', 'flags', 'observedTimeUnixNano', 'severityNumber', 'severityText', 'spanId', 'timeUnixNano', 'traceId'];
const scopeMembers = ['name', 'version'];

/**
 * The hash of each record of an OTLP/JSON export, and the one that it carries.
 * @param {any} exported a line of an export as `otlp`
 * @returns {Promise<{computed: string, carried: string}[]>} in hex; carried is "" when there is none
 */
export async function leafHashes(exported) {
  const records = [];
  for (const { resource = {}, scopeLogs = [] } of exported.resourceLogs ?? []) {
    for (const { scope = {}, logRecords = [] } of scopeLogs) {
      for (const log of logRecords) records.push(hashOf(log, resource, scope));
    }
  }
  return Promise.all(records);
}

/**
 * @param {Value} log
 * @param {Value} resource
 * @param {Value} scope
 */
async function hashOf(log, resource, scope) {
  /** @type {Pair[]} */
  const attributes = log.attributes ?? [];
  const record = sorted({
    ...members(log, logMembers),
    ...present('attributes', pairs(attributes.filter(({ key }) => !uncovered.has(key)))),
    ...present('body', valueOf(log.body ?? {})),
    ...present('resource', present('attributes', pairs(resource.attributes ?? []))),
    ...present('scope', sorted({ ...members(scope, scopeMembers), ...present('attributes', pairs(scope.attributes ?? [])) })),
  });
  const text = new TextEncoder().encode(JSON.stringify(record));
  const leaf = new Uint8Array(text.length + 1); // RFC 6962 puts a zero byte in front of a leaf
  leaf.set(text, 1);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', leaf));
  const carried = attributes.find(({ key }) => key === 'docket.record.hash')?.value.stringValue ?? '';
  return { computed: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''), carried };
}

/**
 * @param {Value} owner
 * @param {string[]} names
 */
function members(owner, names) {
  return Object.fromEntries(names.filter((name) => !isEmpty(owner[name])).map((name) => [name, owner[name]]));
}

/**
 * @param {string} name
 * @param {any} value
 */
function present(name, value) {
  return isEmpty(value) ? {} : { [name]: value };
}

/** @param {any} value */
function isEmpty(value) {
  if (value === undefined || value === 0 || value === '' || value === '0') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** @param {Value} object */
function sorted(object) {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * @param {Pair[]} list
 * @returns {Pair[]}
 */
function pairs(list) {
  return list
    .map(({ key, value }) => ({ key, value: valueOf(value ?? {}) }))
    .sort((a, b) => compareBytes(a.key, b.key)); // keeps pairs of the same key in their order
}

/**
 * @param {Value} value
 * @returns {Value}
 */
function valueOf(value) {
  if ('intValue' in value) return { intValue: String(value.intValue) };
  if ('arrayValue' in value) return { arrayValue: { values: (value.arrayValue.values ?? []).map(valueOf) } };
  if ('kvlistValue' in value) return { kvlistValue: { values: pairs(value.kvlistValue.values ?? []) } };
  return value;
}

const encoder = new TextEncoder();

/**
 * Compares by the bytes of UTF-8. JavaScript's own order, by units of UTF-16, is another one
 * beyond U+FFFF.
 * @param {string} one
 * @param {string} other
 */
function compareBytes(one, other) {
  const [a, b] = [encoder.encode(one), encoder.encode(other)];
  const at = a.findIndex((byte, index) => byte !== b[index]);
  if (at < 0) return a.length - b.length;
  return at >= b.length ? 1 : a[at] - b[at];
}
