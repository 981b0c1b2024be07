/** All that an audit event says, in place below its row. */

import { exportedRecord } from '../../api/audit.js';
import { isAborted } from '../../api/client.js';
import { diffTable } from '../../audit/diff-table.js';
import { leafHashes } from '../../audit/leaf-hash.js';
import { h, replaceChildren } from '../../dom.js';
import { detailOf } from '../../elements/empty-state.js';
import { icon } from '../../elements/icons.js';
import { zoneName, formatTime } from '../../format/time.js';
import { link } from '../../state/route.js';
import { settings } from '../../state/settings.js';
import { copyText } from '../explore/copy.js';

/**
 * @typedef {import('../../audit/event.js').AuditEvent} AuditEvent
 */

/**
 * @param {AuditEvent} event
 * @param {AbortSignal} signal ends what is asked for it
 * @returns {HTMLElement}
 */
export function eventDetail(event, signal) {
  const clock = settings.get('clock');
  const { actor } = event;
  return h('div', { class: 'audit-detail' },
    event.reason && h('p', { class: 'error-text' }, event.reason),
    event.message && h('p', null, event.message),
    diffTable(event.before, event.after) ?? h('p', { class: 'quiet-text' }, 'The event does not say what changed.'),
    h('dl', { class: 'audit-facts' },
      fact('Time', `${formatTime(event.time, clock, 3)} ${zoneName(clock)}`),
      fact('Action', event.action),
      fact('Actor', [...new Set([actor.name, actor.email, actor.id, actor.description])].filter((text) => text !== '').join(' · ')),
      fact('Address', event.address),
      fact('Workspace', event.workspace),
      event.others.map(([name, value]) => fact(name, value))),
    h('div', { class: 'audit-proof' }, hashLine(event, signal)),
    h('p', { class: 'toolbar' },
      h('a', { class: 'button small', href: link(['record'], { id: event.id, timestamp: event.time }) }, icon('link'), 'The whole record'),
      h('a', { class: 'button small', href: link(['explore'], { q: `id:${event.id}`, from: event.time, to: event.time }) }, icon('search'), 'In Explore')));
}

/**
 * @param {string} name
 * @param {string} value
 */
function fact(name, value) {
  return value === '' ? null : [h('dt', null, name), h('dd', null, value)];
}

/**
 * The record's hash, and a button that computes it anew from what the server exports.
 * @param {AuditEvent} event
 * @param {AbortSignal} signal
 */
function hashLine(event, signal) {
  if (event.hash === '') return [h('span', { class: 'quiet-text' }, 'The record has no hash.')];
  const verdict = h('span', { role: 'status' });
  const check = h('button', {
    type: 'button', class: 'button small',
    onclick: async () => {
      check.disabled = true;
      try {
        replaceChildren(verdict, verdictOf(await leafHashes(await exportedRecord(event, signal)), event.hash));
      } catch (error) {
        if (!isAborted(error)) replaceChildren(verdict, h('span', { class: 'error-text' }, failure(error)));
      }
      check.disabled = false;
    },
  }, icon('shield'), 'Verify here');
  return [
    h('span', { class: 'label' }, 'Hash'), h('code', null, event.hash),
    h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Copy the hash', onclick: () => copyText(event.hash, 'the hash') }, icon('copy')),
    check, verdict,
  ];
}

/** @param {unknown} error */
function failure(error) {
  return globalThis.crypto?.subtle ? detailOf(error) : 'Browsers compute hashes only on pages that came over HTTPS.';
}

/**
 * @param {{computed: string, carried: string}[]} found
 * @param {string} hash
 */
function verdictOf(found, hash) {
  const [record] = found;
  if (record === undefined) return h('span', { class: 'badge danger' }, 'The record is not there any more');
  if (record.computed === hash && record.carried === hash) {
    return h('span', { class: 'badge success' }, icon('check', { size: 12 }), 'Unchanged: this browser computed the same hash');
  }
  return h('span', { class: 'badge danger' }, icon('warning', { size: 12 }), `Changed: this browser computed ${record.computed}`);
}
