/**
 * Filters in PostHog's JSON as a search text, so that views and alerts that other clients
 * have made can be read and opened here. Both are described in docs/search.md.
 */
import { written } from '../query/compose.js';

/** @typedef {Record<string, unknown>} Filters */

const ownNames = Object.freeze(new Map(Object.entries({
  message: 'message', severity_level: 'level', service_name: 'service', trace_id: 'trace_id', span_id: 'span_id',
  severity_number: 'severity_number', event_name: 'event', timestamp: 'timestamp', observed_timestamp: 'observed_timestamp',
  uuid: 'id', hash: 'hash',
})));

/** How each operator is written: the text between field and value, and whether it is denied. */
const operators = Object.freeze(new Map(Object.entries({
  exact: { sign: ':', isDenied: false }, in: { sign: ':', isDenied: false },
  is_not: { sign: ':', isDenied: true }, not_in: { sign: ':', isDenied: true },
  icontains: { sign: '~', isDenied: false }, icontains_multi: { sign: '~', isDenied: false },
  not_icontains: { sign: '~', isDenied: true }, not_icontains_multi: { sign: '~', isDenied: true },
  regex: { sign: '=~', isDenied: false }, not_regex: { sign: '=~', isDenied: true },
  gt: { sign: '>', isDenied: false }, gte: { sign: '>=', isDenied: false }, min: { sign: '>=', isDenied: false },
  lt: { sign: '<', isDenied: false }, lte: { sign: '<=', isDenied: false }, max: { sign: '<=', isDenied: false },
})));

/** What the API reads besides the conditions. */
const otherMembers = Object.freeze(['dateRange', 'orderBy', 'limit']);

/** There are no words for a part. */
class Unspeakable extends Error {}

/**
 * @param {Filters} filters
 * @returns {string | null} null if the search box has no words for a part of it
 */
export function searchTextOf(filters) {
  try {
    const parts = Object.entries(filters).map(([name, value]) => memberText(name, value)).filter((text) => text !== '');
    // What somebody has typed may have an OR, which must not take in the rest.
    return parts.length > 1 && filters.q ? parts.map((part) => (part === memberText('q', filters.q) ? `(${part})` : part)).join(' ') : parts.join(' ');
  } catch (error) {
    if (error instanceof Unspeakable) return null;
    throw error;
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function memberText(name, value) {
  if (otherMembers.includes(name) || value === null || value === undefined || value === '') return '';
  switch (name) {
    case 'q': return typeof value === 'string' ? value.trim() : unspeakable();
    case 'searchTerm': return typeof value === 'string' ? written(value) : unspeakable();
    case 'severityLevels': return condition('level', ':', texts(value));
    case 'serviceNames': return condition('service', ':', texts(value));
    case 'filterGroup': return Array.isArray(value) ? groupText({ type: 'AND', values: value }, false) : groupText(value, false);
    default: return unspeakable();
  }
}

/**
 * @param {unknown} value
 * @param {boolean} isInner
 * @returns {string}
 */
function groupText(value, isInner) {
  if (!isObject(value)) return unspeakable();
  if (!('values' in value)) return leafText(value);
  const parts = (Array.isArray(value.values) ? value.values : []).map((part) => groupText(part, true)).filter((text) => text !== '');
  if (parts.length < 2) return parts.join('');
  const isOr = value.type === 'OR';
  return isOr || isInner ? `(${parts.join(isOr ? ' OR ' : ' ')})` : parts.join(' ');
}

/** @param {Record<string, unknown>} leaf */
function leafText({ type, key, operator, value }) {
  const field = fieldName(type, key);
  if (operator === 'is_set') return `${written(field)}:*`;
  if (operator === 'is_not_set') return `-${written(field)}:*`;
  // Somebody has not filled it in yet; the API leaves it out, too.
  if (value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return '';
  const values = texts(Array.isArray(value) ? value : [value]);
  const known = operators.get(String(operator));
  if (!known) return unspeakable();
  if (field === 'message' && known.sign === '~') return `${known.isDenied ? '-' : ''}${alternatives(values)}`;
  return `${known.isDenied ? '-' : ''}${condition(field, known.sign, values)}`;
}

/**
 * @param {unknown} type
 * @param {unknown} key
 */
function fieldName(type, key) {
  if (typeof key !== 'string') return unspeakable();
  if (type === 'log_attribute') return `attributes.${key}`;
  if (type === 'log_resource_attribute') return `resource.${key}`;
  return ownNames.get(key) ?? unspeakable();
}

/**
 * @param {string} field
 * @param {string} sign
 * @param {string[]} values
 */
function condition(field, sign, values) {
  return values.length === 0 ? '' : `${written(field)}${sign}${alternatives(values, sign)}`;
}

/**
 * @param {string[]} values
 * @param {string} [sign]
 */
function alternatives(values, sign = '') {
  // A number equals every spelling of it only without quotes.
  const all = values.map((value) => (sign !== '=~' && /^-?\d+(\.\d+)?$/.test(value) && sign !== '' ? value : written(value)));
  return all.length === 1 ? all[0] : `(${all.join(' OR ')})`;
}

/** @param {unknown} values */
function texts(values) {
  if (!Array.isArray(values)) return unspeakable();
  return values.map((value) => (typeof value === 'object' ? unspeakable() : String(value)));
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns {never} */
function unspeakable() {
  throw new Unspeakable();
}
