/**
 * The state of Explore, all of which is in the address.
 *
 * @typedef {import('../../state/range.js').Range} Range
 *
 * @typedef {object} ExploreState
 * @property {string} q the search
 * @property {string} from
 * @property {string} to
 * @property {string[]} columns none stands for the default ones
 * @property {(number | null)[]} widths by the place of the column
 * @property {'latest' | 'earliest'} sort
 * @property {'logs' | 'patterns'} tab
 * @property {string | null} record the id of the record that is open
 * @property {boolean} tail
 */

import { defaultRange } from '../../state/range.js';
import { formatColumnNames, formatWidths, parseColumnNames, parseWidths } from './columns.js';

/**
 * @param {URLSearchParams} parameters
 * @returns {ExploreState}
 */
export function stateOf(parameters) {
  return {
    q: parameters.get('q') ?? '',
    from: parameters.get('from') || defaultRange.from,
    to: parameters.get('to') || defaultRange.to,
    columns: parseColumnNames(parameters.get('columns')),
    widths: parseWidths(parameters.get('widths')),
    sort: parameters.get('sort') === 'earliest' ? 'earliest' : 'latest',
    tab: parameters.get('tab') === 'patterns' ? 'patterns' : 'logs',
    record: parameters.get('record') || null,
    tail: parameters.get('tail') === '1',
  };
}

/**
 * The state as it stands in the address, without what is usual.
 * @param {ExploreState} state
 * @returns {Record<string, string>}
 */
export function parametersOf({ q, from, to, columns, widths, sort, tab, record, tail }) {
  return {
    q,
    from: from === defaultRange.from && to === defaultRange.to ? '' : from,
    to: to === defaultRange.to ? '' : to,
    columns: formatColumnNames(columns),
    widths: formatWidths(widths),
    sort: sort === 'latest' ? '' : sort,
    tab: tab === 'logs' ? '' : tab,
    record: record ?? '',
    tail: tail ? '1' : '',
  };
}
