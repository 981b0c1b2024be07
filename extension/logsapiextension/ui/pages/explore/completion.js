/**
 * What may be typed at a place in a search: names of fields, and their values.
 *
 * @typedef {object} Place where the caret is
 * @property {'field' | 'value'} kind
 * @property {string} field whose value it is
 * @property {string} operator
 * @property {string} prefix what stands there already
 * @property {number} start of what a suggestion replaces, in UTF-16 units
 * @property {number} end
 * @property {boolean} isInList true between the parentheses of `field:(a OR b)`
 *
 * @typedef {object} Suggestion
 * @property {string} label
 * @property {string} hint
 * @property {string} insert
 *
 * @typedef {import('../../api/types.js').LogFilter} LogFilter
 */

import { attributes, attributeValues, facetValues, groupBy } from '../../api/logs.js';
import { formatShortCount } from '../../format/number.js';
import { levels } from '../../format/level.js';
import { written } from '../../query/compose.js';
import { attributeField, attributeOf, ownFields } from '../../query/fields.js';
import { scan } from '../../query/scanner.js';

/** How many suggestions of a kind are shown. */
const most = 12;

/** How many characters there must be before attributes are looked for: one is in most of them. */
const leastSearch = 2;

const times = [
  ['-15M', '15 minutes ago'], ['-1h', 'an hour ago'], ['-1d', 'a day ago'], ['-7d', 'a week ago'], ['dStart', 'the last midnight, UTC'],
];

/**
 * @param {string} text
 * @param {number} caret
 * @returns {Place}
 */
export function placeAt(text, caret) {
  let field = '';
  let operator = '';
  let isInList = false;
  let previous = '';
  for (const token of scan(text)) {
    if (token.start >= caret) break;
    const isHere = caret <= token.end;
    const at = { field, operator, isInList, start: token.start, end: token.end };
    if (token.kind === 'field') field = token.text;
    else if (token.kind === 'operator') operator = token.text;
    else if (token.kind === 'open' && previous === 'operator') isInList = true;
    else if (token.kind === 'close') isInList = false;
    if (isHere && (token.kind === 'word' || token.kind === 'field' || token.kind === 'value')) {
      const prefix = token.isQuoted && token.end === caret && !token.isOpen ? token.text : text.slice(token.start, caret).replace(/^"/, '');
      return { ...at, kind: token.kind === 'value' ? 'value' : 'field', prefix };
    }
    previous = token.kind;
  }
  const isValue = previous === 'operator' || isInList;
  return { kind: isValue ? 'value' : 'field', field: isValue ? field : '', operator: isValue ? operator : '', prefix: '', start: caret, end: caret, isInList };
}

/**
 * What is known at once.
 * @param {Place} place
 * @returns {Suggestion[]}
 */
export function ownSuggestions(place) {
  if (place.kind === 'field') return byStart(ownFields.filter(({ name }) => contains(name, place.prefix)).map(fieldSuggestion), place.prefix);
  if (place.field === 'level') return levels.filter((level) => contains(level, place.prefix)).map((level) => ({ label: level, hint: '', insert: level }));
  if (place.field.endsWith('timestamp')) return times.map(([label, hint]) => ({ label, hint, insert: label }));
  return [];
}

/**
 * What the records say.
 * @param {Place} place
 * @param {LogFilter} filter which records
 * @param {AbortSignal} signal
 * @returns {Promise<Suggestion[]>}
 */
export async function foundSuggestions(place, filter, signal) {
  if (place.kind === 'field') return foundFields(place.prefix, filter, signal);
  if (!['', ':', '=', '!='].includes(place.operator)) return [];
  const counts = await foundValues(place, filter, signal);
  return counts
    .filter(({ value }) => value !== '' && value.length <= 200)
    .slice(0, most)
    .map(({ value, count }) => ({ label: value, hint: formatShortCount(count), insert: written(value) }));
}

/** @param {string} prefix @param {LogFilter} filter @param {AbortSignal} signal */
async function foundFields(prefix, filter, signal) {
  const search = prefix.replace(/^(attributes|resource|any)\./, '');
  const ask = (/** @type {'log' | 'resource'} */ type) =>
    attributes({ attribute_type: type, search, limit: most, dateRange: filter.dateRange }, { signal });
  if (search.length < leastSearch) return [];
  const [own, resource] = await Promise.all([ask('log'), ask('resource')]);
  return byStart([
    ...own.results.map(({ name }) => fieldSuggestion({ name: attributeField('log', name), hint: 'attribute', operator: '=' })),
    ...resource.results.map(({ name }) => fieldSuggestion({ name: attributeField('resource', name), hint: 'resource', operator: '=' })),
  ].filter(({ label }) => label !== 'resource.' && label !== '' && label !== 'resource.service.name'), search);
}

/**
 * @param {Place} place
 * @param {LogFilter} filter
 * @param {AbortSignal} signal
 * @returns {Promise<{value: string, count: number}[]>}
 */
async function foundValues({ field, prefix }, filter, signal) {
  if (field === 'service') {
    return (await facetValues({ ...filter, facetField: 'service_name', facetSearch: prefix }, { signal })).results;
  }
  if (field === 'event') {
    const { groups } = await groupBy({ ...filter, groupBys: [{ key: 'event_name', source: 'column' }] }, { signal });
    return groups.filter(({ value }) => contains(value, prefix)).map(({ value, log_count: count }) => ({ value, count }));
  }
  const attribute = attributeOf(field);
  if (attribute === null) return [];
  const places = attribute.place === 'any' ? /** @type {const} */ (['log', 'resource']) : [attribute.place];
  const answers = await Promise.all(places.map((type) =>
    attributeValues({ key: attribute.key, attribute_type: type, value: prefix, limit: most, q: filter.q, dateRange: filter.dateRange }, { signal })));
  return answers.flatMap(({ results }) => results.map(({ name, count }) => ({ value: name, count })));
}

/** @param {import('../../query/fields.js').FieldName} field @returns {Suggestion} */
function fieldSuggestion({ name, hint, operator }) {
  return { label: name, hint, insert: `${written(name)}${operator}` };
}

/**
 * Those that start with what is typed first.
 * @param {Suggestion[]} suggestions
 * @param {string} prefix
 */
function byStart(suggestions, prefix) {
  const rank = (/** @type {Suggestion} */ { label }) => (label.toLowerCase().startsWith(prefix.toLowerCase()) ? 0 : 1);
  return suggestions.sort((a, b) => rank(a) - rank(b));
}

/** @param {string} text @param {string} part */
function contains(text, part) {
  const [folded, wanted] = [text.toLowerCase(), part.toLowerCase()];
  return part.length < leastSearch ? folded.startsWith(wanted) : folded.includes(wanted);
}
