/** Shows what changed, for people. */

import { h } from '../dom.js';
import { differences } from './diff.js';

/** More differences than that are not read. */
const most = 200;

/**
 * A table of what changed; null if the event does not say, or nothing did.
 * @param {string | null} before
 * @param {string | null} after
 * @returns {HTMLElement | null}
 */
export function diffTable(before, after) {
  const found = differences(before, after);
  if (found.length === 0) return null;
  return h('table', { class: 'diff' },
    h('thead', null, h('tr', null, ['Field', 'Before', 'After'].map((name) => h('th', { scope: 'col' }, name)))),
    h('tbody', null, found.slice(0, most).map(({ path, before: old, after: now }) => h('tr', null,
      h('th', { scope: 'row' }, path === '' ? 'value' : path),
      h('td', null, old === null ? none() : h('del', null, old)),
      h('td', null, now === null ? none() : h('ins', null, now)))),
    found.length > most && h('tr', null, h('td', { colspan: 3 }, `and ${found.length - most} more`))));
}

function none() {
  return h('span', { class: 'diff-none' }, '—', h('span', { class: 'visually-hidden' }, ' nothing'));
}
