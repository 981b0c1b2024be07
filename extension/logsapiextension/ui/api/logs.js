/**
 * The query family, docs/query-api.md: what the page asks about records of the session's
 * project. Every function rejects with an ApiError, or an AbortError when its signal fires.
 *
 * @typedef {import('./types.js').LogFilter} LogFilter
 */

import { session } from '../state/session.js';

/**
 * @typedef {object} RequestOptions
 * @property {AbortSignal} [signal] ends the request
 */

/**
 * The records that a query finds, page by page.
 * @param {import('./types.js').LogQuery} query
 * @param {RequestOptions} [options]
 * @returns {Promise<import('./types.js').LogPage>}
 */
export function queryLogs(query, options) {
  return ask('query', { query }, options);
}

/**
 * How many records there are.
 * @param {LogFilter} query
 * @param {RequestOptions} [options]
 * @returns {Promise<import('./types.js').CountAnswer>}
 */
export function countLogs(query, options) {
  return ask('count', { query }, options);
}

/**
 * How many by time, in about 50 buckets, and by severity or service.
 * @param {import('./types.js').SparklineQuery} query
 * @param {RequestOptions} [options]
 * @returns {Promise<import('./types.js').SparklineRow[]>}
 */
export function sparkline(query, options) {
  return ask('sparkline', { query }, options);
}

/**
 * The values of a field to filter by, with counts.
 * @param {import('./types.js').FacetQuery} query
 * @param {RequestOptions} [options]
 * @returns {Promise<import('./types.js').FacetAnswer>}
 */
export function facetValues(query, options) {
  return ask('facet_values', { query }, options);
}

/**
 * The names of attributes.
 * @param {import('./types.js').AttributesQuery} query
 * @param {RequestOptions} [options]
 * @returns {Promise<import('./types.js').AttributesAnswer>}
 */
export function attributes(query, options) {
  return list('attributes', query, options);
}

/**
 * The values of an attribute.
 * @param {import('./types.js').AttributeValuesQuery} query
 * @param {RequestOptions} [options]
 * @returns {Promise<import('./types.js').AttributeValuesAnswer>}
 */
export function attributeValues(query, options) {
  return list('values', query, options);
}

/**
 * What each service logs.
 * @param {import('./types.js').ServicesQuery} query
 * @param {RequestOptions} [options]
 * @returns {Promise<import('./types.js').ServicesAnswer>}
 */
export function services(query, options) {
  return ask('services', { query }, options);
}

/**
 * Groups of records with the same values.
 * @param {import('./types.js').GroupByQuery} query
 * @param {RequestOptions} [options]
 * @returns {Promise<import('./types.js').GroupByAnswer>}
 */
export function groupBy(query, options) {
  return ask('group-by', { query }, options);
}

/**
 * Which messages the records are made of.
 * @param {LogFilter} query
 * @param {RequestOptions} [options]
 * @returns {Promise<import('./types.js').PatternsAnswer>}
 */
export function patterns(query, options) {
  return ask('patterns', { query }, options);
}

/**
 * Which messages are new, gone, more or less frequent than in a baseline.
 * @param {LogFilter} query
 * @param {import('./types.js').PatternChangeOptions & RequestOptions} [options]
 * @returns {Promise<import('./types.js').PatternsDiffAnswer>}
 */
export function patternsDiff(query, { baselineDateRange, ...options } = {}) {
  return ask('patterns_diff', { query, baselineDateRange }, options);
}

/**
 * Whether there is any record at all.
 * @param {Record<string, never>} [_parameters]
 * @param {RequestOptions} [options]
 * @returns {Promise<{hasLogs: boolean}>}
 */
export function hasLogs(_parameters, options) {
  return session.client.get(`${session.projectPath}has_logs`, options);
}

/**
 * @param {string} name the route
 * @param {object} body
 * @param {RequestOptions} [options]
 * @returns {Promise<any>}
 */
function ask(name, body, options) {
  return session.client.post(`${session.projectPath}${name}`, body, options);
}

/**
 * Asks one of the routes that take their filter as parameters: objects as JSON.
 * @param {string} name the route
 * @param {object} parameters
 * @param {RequestOptions} [options]
 * @returns {Promise<any>}
 */
function list(name, parameters, options) {
  /** @type {Record<string, string>} */
  const query = {};
  for (const [key, value] of Object.entries(parameters)) {
    if (value === undefined || value === null || value === '') continue;
    query[key] = typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
  return session.client.get(`${session.projectPath}${name}`, { ...options, query });
}
