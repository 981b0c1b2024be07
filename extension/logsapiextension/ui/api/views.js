/**
 * Saved views: docs/api-posthog.md, "Saved views".
 */
import { session } from '../state/session.js';

/**
 * A column of the table of records.
 * @typedef {object} ViewColumn
 * @property {string} id
 * @property {'timestamp' | 'level' | 'source' | 'trace_id' | 'span_id' | 'message' | 'custom'} type
 * @property {string} [name]
 * @property {string} [expression] what a custom column shows
 * @property {number} [width] in pixels, 1 to 2000
 */

/**
 * What a view selects. Views that other clients made have PostHog's filters instead of q.
 * @typedef {object} ViewFilters
 * @property {string} [q] the text of the search box
 * @property {{date_from?: string | null, date_to?: string | null}} [dateRange]
 * @property {'latest' | 'earliest'} [orderBy]
 */

/**
 * @typedef {object} View
 * @property {string} id
 * @property {string} short_id
 * @property {string} name
 * @property {ViewFilters & Record<string, unknown>} filters
 * @property {ViewColumn[] | null} columns
 * @property {boolean} pinned
 * @property {string} created_at
 * @property {{first_name: string}} created_by
 * @property {string} updated_at
 * @property {boolean} [provisioned] true for a view that comes from the configuration
 */

/**
 * What people say of a view.
 * @typedef {object} ViewContent
 * @property {string} name
 * @property {ViewFilters} filters
 * @property {ViewColumn[] | null} columns
 * @property {boolean} pinned
 */

/** @typedef {{signal?: AbortSignal}} Options */

/** @param {string} [shortId] */
const path = (shortId) => `${session.projectPath}views/${shortId === undefined ? '' : `${encodeURIComponent(shortId)}/`}`;

/**
 * Returns all views of the project, the newest first.
 * @param {Options} [options]
 * @returns {Promise<View[]>}
 */
export async function listViews({ signal } = {}) {
  // More than anybody keeps; without a limit the API would answer the first hundred.
  const page = await session.client.get(path(), { query: { limit: '10000' }, signal });
  return page.results;
}

/**
 * @param {string} shortId
 * @param {Options} [options]
 * @returns {Promise<View>}
 */
export function getView(shortId, { signal } = {}) {
  return session.client.get(path(shortId), { signal });
}

/**
 * @param {ViewContent} content
 * @returns {Promise<View>}
 */
export function createView(content) {
  return session.client.post(path(), content);
}

/**
 * Changes what is given and leaves the rest.
 * @param {string} shortId
 * @param {Partial<ViewContent>} change
 * @returns {Promise<View>}
 */
export function changeView(shortId, change) {
  return session.client.patch(path(shortId), change);
}

/** @param {string} shortId */
export async function deleteView(shortId) {
  await session.client.delete(path(shortId));
}
