/** The rows of an embedded table. */

import { diffTable } from '../audit/diff-table.js';
import { sentenceOf } from '../audit/sentence.js';
import { h } from '../dom.js';

/**
 * @param {import('../audit/event.js').AuditEvent} event
 * @param {Intl.DateTimeFormat} times
 * @returns {HTMLElement}
 */
export function tableRow(event, times) {
  const { actor, verb, object, target } = sentenceOf(event);
  return h('tr', null,
    h('td', null, h('time', { datetime: event.time, title: event.time }, times.format(new Date(event.time)))),
    h('td', { class: event.failed ? 'failed' : null },
      h('strong', null, actor), ' ', verb, object && ' ', object, target && ' ', target && h('strong', null, target),
      event.message && h('div', null, event.message), event.reason && h('div', null, event.reason), details(event)),
    h('td', { class: 'where' }, event.address));
}

/** @param {import('../audit/event.js').AuditEvent} event */
function details(event) {
  const changes = diffTable(event.before, event.after);
  return h('details', null, h('summary', null, changes ? 'What changed' : 'Details'),
    changes,
    h('dl', null,
      fact('Action', event.action), fact('E-mail', event.actor.email), event.others.map(([name, value]) => fact(name, value)), fact('Hash', event.hash)));
}

/**
 * @param {string} name
 * @param {string} value
 */
function fact(name, value) {
  return value === '' ? null : [h('dt', null, name), h('dd', null, value)];
}
