/**
 * Fields to group the records of an alert by, as they are found in records.
 */
import { attributes } from '../../api/logs.js';
import { h } from '../../dom.js';
import { fromGroupBy } from './group-by.js';

/** How many attributes are proposed of each kind. */
const proposed = 100;

/**
 * Proposes the fields that records of the last day have.
 * @param {HTMLDataListElement} list
 */
export async function proposeFields(list) {
  const dateRange = { date_from: '-1d' };
  const [own, resource] = await Promise.all(/** @type {const} */ (['log', 'resource']).map(
    (type) => attributes({ dateRange, attribute_type: type, limit: proposed })));
  const names = [
    'service', 'level', 'event', ...own.results.map(({ name }) => fromGroupBy({ type: 'log_attribute', key: name })),
    ...resource.results.filter(({ name }) => name !== 'service.name').map(({ name }) => `resource.${name}`),
  ];
  list.replaceChildren(...names.map((value) => h('option', { value })));
}
