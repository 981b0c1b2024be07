/**
 * The names that fields have in the search box, docs/search.md.
 *
 * @typedef {object} FieldName
 * @property {string} name
 * @property {string} hint what it is
 * @property {string} operator the one that people mean most of the time
 */

/** The fields of a record itself. @type {readonly FieldName[]} */
export const ownFields = Object.freeze([
  { name: 'level', hint: 'trace, debug, info, warn, error, fatal, unspecified', operator: ':' },
  { name: 'service', hint: 'who sent it', operator: ':' },
  { name: 'message', hint: 'the text', operator: ':' },
  { name: 'event', hint: "the event's name", operator: ':' },
  { name: 'timestamp', hint: 'when it happened', operator: '>' },
  { name: 'observed_timestamp', hint: 'when it arrived', operator: '>' },
  { name: 'severity_number', hint: '1 to 24', operator: '>=' },
  { name: 'trace_id', hint: 'the trace it belongs to', operator: ':' },
  { name: 'span_id', hint: 'the span it belongs to', operator: ':' },
  { name: 'id', hint: "the record's own", operator: ':' },
  { name: 'hash', hint: "the record's own", operator: ':' },
]);

const ownNames = new Set(ownFields.map((field) => field.name));

const placed = /^(attributes|resource|any)\./;

/**
 * Whether a name is one of a field of the record itself, such as level.
 * @param {string} name
 * @returns {boolean}
 */
export function isOwnField(name) {
  return ownNames.has(name);
}

/**
 * The name of an attribute.
 *
 * A name without a place in front finds the attribute of the record or, if it has none,
 * that of its resource, which is what people type. An attribute of the record has that
 * name unless it means something else, or the key is known to be in both places.
 * @param {'log' | 'resource'} place
 * @param {string} key not empty: an empty key has no name
 * @param {{isInBoth?: boolean}} [options]
 * @returns {string}
 */
export function attributeField(place, key, { isInBoth = false } = {}) {
  if (place === 'resource') return `resource.${key}`;
  return isInBoth || isOwnField(key) || placed.test(key) ? `attributes.${key}` : key;
}

/**
 * The key of an attribute's name, and where it is looked for.
 * @param {string} name
 * @returns {{place: 'log' | 'resource' | 'any', key: string} | null} null for a field of the record itself
 */
export function attributeOf(name) {
  if (isOwnField(name)) return null;
  const [, place, key] = /^(?:(attributes|resource|any)\.)?(.*)$/s.exec(name) ?? [];
  if (place === 'attributes') return { place: 'log', key };
  if (place === 'resource') return { place: 'resource', key };
  return { place: 'any', key };
}
