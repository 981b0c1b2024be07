/**
 * What the sidebar asks: which fields there are, and the values of one.
 *
 * @typedef {import('../../api/types.js').LogFilter} LogFilter
 *
 * @typedef {object} SidebarField
 * @property {string} name in the language of the search box
 * @property {string} label
 * @property {'own' | 'log' | 'resource'} place
 * @property {string} key
 *
 * @typedef {object} Values
 * @property {{value: string, count: number}[]} values the most frequent first
 * @property {boolean} isComplete whether these are all
 */

import { attributes, facetValues, groupBy } from '../../api/logs.js';
import { attributeField, attributeOf } from '../../query/fields.js';

/** How many values the API returns. */
const mostValues = 100;
const pageSize = 1000;
/** Names beyond these are only found by searching for them. */
const mostNames = 5000;

/** What Docket notes of a record, which has a value of its own in each; and the service, which is a field already. */
const hidden = /^(docket\.(record|request|project)\..*|log\.record\.uid|service\.name)$/;

/** The fields of a record itself that have few enough values to choose from. @type {readonly SidebarField[]} */
export const ownFacets = Object.freeze(['level', 'service', 'event'].map((name) => ({ name, label: name, place: /** @type {const} */ ('own'), key: name })));

/**
 * The attributes that records have, the most frequent first.
 * @param {LogFilter} filter
 * @param {AbortSignal} signal
 * @returns {Promise<{log: SidebarField[], resource: SidebarField[]}>}
 */
export async function readFields(filter, signal) {
  const [log, resource] = await Promise.all([readNames('log', filter, signal), readNames('resource', filter, signal)]);
  const inResource = new Set(resource);
  const isShown = (/** @type {string} */ key) => key !== '' && !hidden.test(key);
  return {
    log: log.filter(isShown).map((key) => ({ name: attributeField('log', key, { isInBoth: inResource.has(key) }), label: key, place: 'log', key })),
    resource: resource.filter(isShown).map((key) => ({ name: attributeField('resource', key), label: key, place: 'resource', key })),
  };
}

/**
 * @param {'log' | 'resource'} type
 * @param {LogFilter} filter
 * @param {AbortSignal} signal
 */
async function readNames(type, filter, signal) {
  /** @type {string[]} */
  const names = [];
  for (let count = 1; names.length < Math.min(count, mostNames); ) {
    const page = await attributes({ ...filter, attribute_type: type, limit: pageSize, offset: names.length }, { signal });
    names.push(...page.results.map(({ name }) => name));
    count = page.results.length === 0 ? 0 : page.count;
  }
  return names;
}

/**
 * A field by its name, as the pinned ones are remembered.
 * @param {string} name
 * @returns {SidebarField}
 */
export function fieldOfName(name) {
  const attribute = attributeOf(name);
  if (attribute === null) return { name, label: name, place: 'own', key: name };
  const { place, key } = attribute;
  return { name, label: key, place: place === 'resource' ? 'resource' : 'log', key };
}

/**
 * How often a field has which values.
 * @param {SidebarField} field
 * @param {LogFilter} filter
 * @param {string} contains
 * @param {AbortSignal} signal
 * @returns {Promise<Values>}
 */
export async function readValues(field, filter, contains, signal) {
  const values = field.name === 'event' ? await eventNames(filter, contains, signal) : (await facetValues({ ...filter, ...facetOf(field), facetSearch: contains }, { signal })).results;
  return { values, isComplete: contains === '' && values.length < mostValues };
}

/** @param {LogFilter} filter @param {string} contains @param {AbortSignal} signal */
async function eventNames(filter, contains, signal) {
  const { groups } = await groupBy({ ...filter, groupBys: [{ key: 'event_name', source: 'column' }], limit: mostValues }, { signal });
  const wanted = contains.toLowerCase();
  return groups.filter(({ value }) => value.toLowerCase().includes(wanted)).map(({ value, log_count: count }) => ({ value, count }));
}

/** @param {SidebarField} field @returns {import('../../api/types.js').FacetOptions} */
function facetOf({ place, key }) {
  if (place === 'resource') return { facetResourceAttribute: key };
  if (place === 'log') return { facetAttribute: key };
  return { facetField: key === 'level' ? 'severity_text' : 'service_name' };
}
