/**
 * The field by whose values an alert keeps states of their own: as the API names it, and as
 * the search box does.
 */
/** @typedef {import('../../api/alerts.js').GroupBy} GroupBy */

/** Fields of every record that many records share a value of, by their names in the search box. */
const ownKeys = Object.freeze(new Map(Object.entries({
  service: 'service_name', level: 'severity_level', event: 'event_name', severity_number: 'severity_number', trace_id: 'trace_id', span_id: 'span_id',
})));

/**
 * @param {string} text a name of the search box
 * @returns {GroupBy | null}
 */
export function toGroupBy(text) {
  if (text === '') return null;
  const own = ownKeys.get(text);
  if (own) return { type: 'log', key: own };
  if (text.startsWith('resource.')) return { type: 'log_resource_attribute', key: text.slice('resource.'.length) };
  return { type: 'log_attribute', key: text.replace(/^(?:attributes|any)\./, '') };
}

/**
 * @param {GroupBy | null} groupBy
 * @returns {string}
 */
export function fromGroupBy(groupBy) {
  if (!groupBy) return '';
  const { type, key } = groupBy;
  if (type === 'log_resource_attribute') return `resource.${key}`;
  if (type === 'log') return [...ownKeys].find(([, name]) => name === key)?.[0] ?? key;
  return ownKeys.has(key) || /^(?:attributes|any|resource)\./.test(key) ? `attributes.${key}` : key;
}
