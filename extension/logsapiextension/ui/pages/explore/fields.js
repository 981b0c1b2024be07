/**
 * The fields of a record as a tree to look at, each with the name by which it is searched.
 *
 * @typedef {import('../../api/types.js').LogRow} LogRow
 * @typedef {import('../../format/json-text.js').JsonNode} JsonNode
 */

import { parseJsonText } from '../../format/json-text.js';
import { attributeField } from '../../query/fields.js';
import { valueOf } from './columns.js';

/**
 * @typedef {object} Field
 * @property {string} label its own name, without those around it
 * @property {string | null} name in the language of the search box; null for what cannot be searched alone, as items of lists
 * @property {string} text
 * @property {'map' | 'list' | 'value'} kind
 * @property {number} size how many children there are
 * @property {() => Field[]} children of maps and lists; made when they are looked at
 *
 * @typedef {{title: string, fields: Field[]}} FieldGroup
 */

/** Attributes that say how Docket keeps the record, and stand among the record's own fields. */
export const bookkeeping = /^(?:docket\.record\.|docket\.request\.|log\.record\.uid$)/;

/** The order of the record's own fields; those that it has not are left out. */
const shownOwnFields = ['message', 'level', 'event', 'timestamp', 'observed_timestamp', 'service', 'trace_id', 'span_id', 'severity_number', 'id', 'hash'];

/**
 * @param {LogRow} row
 * @returns {FieldGroup[]} those that are not empty
 */
export function fieldGroups(row) {
  const attributes = Object.entries(row.attributes).filter(([key]) => !bookkeeping.test(key));
  const resource = Object.entries(row.resource_attributes).filter(([key]) => key !== 'service.name');
  /** @type {FieldGroup[]} */
  const groups = [
    { title: 'Record', fields: ownFieldsOf(row) },
    { title: 'Attributes', fields: attributes.map(([key, text]) => fieldOf(key, nameOf('log', key), text)) },
    { title: 'Resource', fields: resource.map(([key, text]) => fieldOf(key, nameOf('resource', key, row.attributes), text)) },
  ];
  for (const { title, fields } of groups) {
    if (title !== 'Record') fields.sort((a, b) => (a.label < b.label ? -1 : 1));
  }
  return groups.filter(({ fields }) => fields.length > 0);
}

/**
 * @param {'log' | 'resource'} place
 * @param {string} key
 * @param {Record<string, string>} [others] attributes of the other place
 * @returns {string | null} null for an empty key, which has no name
 */
function nameOf(place, key, others = {}) {
  return key === '' ? null : attributeField(place, key, { isInBoth: Object.hasOwn(others, key) });
}

/** @param {LogRow} row */
function ownFieldsOf(row) {
  /** @type {Field[]} */
  const fields = [];
  for (const name of shownOwnFields) {
    const text = valueOf(row, name);
    if (text === null || (name === 'message' && text === '') || (name === 'severity_number' && text === '0')) continue;
    // A message that is a map is looked into, but searched as a whole.
    fields.push(fieldOf(name, name, text));
    if (name === 'message') fields[fields.length - 1] = messageField(text);
  }
  if (row.instrumentation_scope) fields.push(fieldOf('scope', null, row.instrumentation_scope));
  return fields;
}

/** @param {string} text */
function messageField(text) {
  const node = parseJsonText(text);
  return node ? { ...fieldOfNode('message', null, node), name: 'message' } : fieldOf('message', 'message', text);
}

/**
 * @param {string} label
 * @param {string | null} name
 * @param {string} text
 * @returns {Field}
 */
function fieldOf(label, name, text) {
  const node = parseJsonText(text);
  if (node) return fieldOfNode(label, name, node);
  return { label, name, text, kind: 'value', size: 0, children: () => [] };
}

/**
 * @param {string} label
 * @param {string | null} name
 * @param {JsonNode} node
 * @returns {Field}
 */
function fieldOfNode(label, name, node) {
  const kind = node.kind === 'map' || node.kind === 'list' ? node.kind : 'value';
  return {
    label, name, kind,
    text: node.text,
    size: node.children.length,
    children: () =>
      node.children.map(({ key, node: child }) => {
        const inner = kind === 'map' && name !== null ? `${name}.${key}` : null;
        return fieldOfNode(key, inner, child);
      }),
  };
}
