/**
 * A saved view as the address of what it shows in Explore.
 */
import { fromViewColumns, formatColumnNames, formatWidths } from './explore/columns.js';
import { link } from '../state/route.js';
import { searchTextOf } from './views-search-text.js';

/** @typedef {import('../api/views.js').View} View */

/**
 * The parameters of Explore that show a view.
 * @param {View} view
 * @returns {Record<string, string | null>}
 */
export function parametersOfView({ filters, columns }) {
  const chosen = fromViewColumns(columns);
  return {
    q: searchTextOf(filters) ?? '',
    from: filters.dateRange?.date_from ?? null,
    to: filters.dateRange?.date_to ?? null,
    sort: filters.orderBy === 'earliest' ? 'earliest' : null,
    columns: formatColumnNames(chosen.columns) || null,
    widths: formatWidths(chosen.widths) || null,
  };
}

/**
 * The whole address of a view, to be shared.
 * @param {View} view
 */
export function shareAddress({ short_id: shortId }) {
  return new URL(link(['views', shortId]), document.baseURI).href;
}
