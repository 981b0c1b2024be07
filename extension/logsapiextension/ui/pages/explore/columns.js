/**
 * The columns of the table of records. A column is a field by its name in the language of
 * the search box (docs/search.md): `timestamp`, `level`, `user.id`, `resource.k8s.pod.name`.
 *
 * @typedef {import('../../api/types.js').LogRow} LogRow
 * @typedef {import('../../api/views.js').ViewColumn} ViewColumn
 */

import { findInJson, parseJsonText } from '../../format/json-text.js';

/**
 * @typedef {object} Column
 * @property {string} name in the language of the search box
 * @property {string} label what stands above it
 * @property {'time' | 'level' | 'message' | 'text'} kind how it is shown
 * @property {number} width in pixels; the message takes at least this and all that is left
 */

/**
 * A field that every record has, rather than some.
 * @typedef {object} OwnField
 * @property {string} label
 * @property {Column['kind']} kind
 * @property {number} width
 * @property {string} exported its name in an export
 * @property {(row: LogRow) => string | null} read
 */

/** @type {Readonly<Record<string, OwnField>>} */
const ownFields = Object.freeze({
  timestamp: { label: 'Time', kind: 'time', width: 200, exported: 'timestamp', read: (row) => row.timestamp },
  observed_timestamp: { label: 'Observed', kind: 'time', width: 200, exported: 'observed_timestamp', read: (row) => row.observed_timestamp },
  level: { label: 'Level', kind: 'level', width: 72, exported: 'level', read: (row) => row.level },
  severity_number: { label: 'Severity', kind: 'text', width: 72, exported: 'severity_number', read: (row) => String(row.severity_number) },
  service: { label: 'Service', kind: 'text', width: 140, exported: 'service_name', read: (row) => row.resource_attributes['service.name'] ?? null },
  event: { label: 'Event', kind: 'text', width: 160, exported: 'event_name', read: (row) => row.event_name || null },
  message: { label: 'Message', kind: 'message', width: 320, exported: 'body', read: (row) => row.body },
  trace_id: { label: 'Trace', kind: 'text', width: 268, exported: 'trace_id', read: (row) => withoutZeros(row.trace_id) },
  span_id: { label: 'Span', kind: 'text', width: 144, exported: 'span_id', read: (row) => withoutZeros(row.span_id) },
  id: { label: 'Id', kind: 'text', width: 292, exported: 'uuid', read: (row) => row.uuid },
  hash: { label: 'Hash', kind: 'text', width: 200, exported: 'hash', read: (row) => row.attributes['docket.record.hash'] ?? null },
});

/** The columns as long as nobody has chosen others. */
export const defaultColumns = Object.freeze(['timestamp', 'level', 'service', 'message']);

/** Names of the fields that every record has, which are always there to choose. */
export const ownFieldNames = Object.freeze(Object.keys(ownFields));

/** Bounds of a column's width in pixels; the upper one is that of saved views. */
export const narrowest = 48;
export const widest = 2000;

/**
 * @param {string} name in the language of the search box
 * @param {number | null} [width] in pixels
 * @returns {Column}
 */
export function columnOf(name, width = null) {
  const own = Object.hasOwn(ownFields, name) ? ownFields[name] : null;
  return {
    name,
    label: own?.label ?? name.replace(/^(?:attributes|any)\./, ''),
    kind: own?.kind ?? 'text',
    width: clampedWidth(width ?? own?.width ?? 160),
  };
}

/**
 * @param {readonly string[]} names none stands for the default ones
 * @param {readonly (number | null)[]} [widths] null is the usual width
 * @returns {Column[]}
 */
export function columnsOf(names, widths = []) {
  const chosen = names.length > 0 ? names : defaultColumns;
  return chosen.map((name, index) => columnOf(name, widths[index]));
}

/**
 * The text of a record in a column.
 * @param {LogRow} row
 * @param {string} name
 * @returns {string | null} null if the record has no such field
 */
export function valueOf(row, name) {
  if (Object.hasOwn(ownFields, name)) return ownFields[name].read(row);
  const [, place, key] = /^(?:(attributes|resource|any)\.)?([^]*)$/.exec(name) ?? [];
  if (place === 'attributes') return attributeOf(row.attributes, key);
  if (place === 'resource') return attributeOf(row.resource_attributes, key);
  return attributeOf(row.attributes, key) ?? attributeOf(row.resource_attributes, key);
}

/**
 * An attribute or, if there is none of that name, a value inside one that is a map.
 * @param {Record<string, string>} attributes
 * @param {string} key
 */
function attributeOf(attributes, key) {
  if (Object.hasOwn(attributes, key)) return attributes[key];
  for (let dot = key.indexOf('.'); dot > 0; dot = key.indexOf('.', dot + 1)) {
    const outer = key.slice(0, dot);
    const map = Object.hasOwn(attributes, outer) ? parseJsonText(attributes[outer]) : null;
    const found = map && findInJson(map, key.slice(dot + 1));
    if (found) return found;
  }
  return null;
}

/**
 * @param {number} width
 * @returns {number} within what a column may have
 */
export function clampedWidth(width) {
  return Math.round(Math.min(widest, Math.max(narrowest, width)));
}

/**
 * Columns as they stand in the address: joined by commas, with `%2C` for one in a name.
 * @param {readonly string[]} names
 * @returns {string}
 */
export function formatColumnNames(names) {
  return names.map((name) => name.replaceAll('%', '%25').replaceAll(',', '%2C')).join(',');
}

/**
 * @param {string | null} text
 * @returns {string[]} each name once
 */
export function parseColumnNames(text) {
  const names = (text ?? '').split(',').filter((name) => name !== '');
  return [...new Set(names.map((name) => name.replaceAll('%2C', ',').replaceAll('%25', '%')))];
}

/**
 * Widths as they stand in the address: by the place of the column, nothing for the usual one.
 * @param {readonly (number | null)[]} widths
 * @returns {string}
 */
export function formatWidths(widths) {
  return widths.every((width) => width === null) ? '' : widths.map((width) => width ?? '').join(',');
}

/**
 * @param {string | null} text
 * @returns {(number | null)[]}
 */
export function parseWidths(text) {
  if (!text) return [];
  return text.split(',').map((width) => (/^\d+$/.test(width) ? clampedWidth(Number(width)) : null));
}

/**
 * The name of a column in an export and in `customColumns`, where there is no name for an
 * attribute of the record or else of its resource: what a record of the result has, decides.
 * @param {string} name in the language of the search box
 * @param {LogRow | null} [example]
 * @returns {string}
 */
export function exportedName(name, example = null) {
  if (Object.hasOwn(ownFields, name)) return ownFields[name].exported;
  if (name.startsWith('resource.')) return `resource_attributes.${name.slice('resource.'.length)}`;
  const key = name.replace(/^(?:attributes|any)\./, '');
  const isOfResource =
    example && !name.startsWith('attributes.') && attributeOf(example.attributes, key) === null && attributeOf(example.resource_attributes, key) !== null;
  return `${isOfResource ? 'resource_attributes' : 'attributes'}.${key}`;
}

/** Types of a saved view's columns by the names that they have here. */
const viewTypes = /** @type {const} */ ({
  timestamp: 'timestamp', level: 'level', service: 'source', trace_id: 'trace_id', span_id: 'span_id', message: 'message',
});

/**
 * Columns as a saved view keeps them.
 * @param {readonly string[]} names
 * @param {readonly (number | null)[]} widths
 * @returns {ViewColumn[]}
 */
export function toViewColumns(names, widths) {
  return names.map((name, index) => {
    const width = widths[index];
    const size = width === null || width === undefined ? {} : { width };
    return Object.hasOwn(viewTypes, name)
      ? { id: name, type: viewTypes[/** @type {keyof typeof viewTypes} */ (name)], ...size }
      : { id: name, type: 'custom', expression: exportedName(name), ...size };
  });
}

/**
 * Columns of a saved view, also of one that another client of PostHog's API has made.
 * @param {readonly ViewColumn[] | null} columns
 * @returns {{columns: string[], widths: (number | null)[]}}
 */
export function fromViewColumns(columns) {
  const given = columns ?? [];
  return { columns: given.map(nameOfViewColumn), widths: given.map(({ width }) => width ?? null) };
}

/** @param {ViewColumn} column */
function nameOfViewColumn({ id, type, expression = '' }) {
  const typed = Object.entries(viewTypes).find(([, viewType]) => viewType === type);
  if (typed) return typed[0];
  const own = Object.entries(ownFields).find(([, { exported }]) => exported === expression);
  if (own) return own[0];
  if (typeof id === 'string' && exportedName(id) === expression) return id;
  return expression.replace(/^resource_attributes\./, 'resource.');
}

/** @param {string} id of zeros when there is none */
function withoutZeros(id) {
  return /^0*$/.test(id) ? null : id.toLowerCase();
}
