/** An audit event as a sentence, which opens to all that it says. */

import { sentenceOf } from '../../audit/sentence.js';
import { h } from '../../dom.js';
import { icon } from '../../elements/icons.js';
import { describeTime, formatTime } from '../../format/time.js';
import { settings } from '../../state/settings.js';
import { eventDetail } from './event-detail.js';

let lastDetail = 0;

/**
 * @param {import('../../audit/event.js').AuditEvent} event
 * @param {{signal: AbortSignal, isOpen: boolean, onopen: (isOpen: boolean) => void}} options
 * @returns {HTMLElement}
 */
export function eventRow(event, { signal, isOpen, onopen }) {
  const id = `audit-detail-${++lastDetail}`;
  const detail = h('div', { id, hidden: true });
  const button = h('button', {
    type: 'button', class: 'audit-event', 'aria-expanded': 'false', 'aria-controls': id,
    onclick: () => {
      show(detail.hidden);
      onopen(!detail.hidden);
    },
  },
  icon('chevron-right', { size: 14 }),
  h('time', { class: 'mono', datetime: event.time, title: describeTime(event.time) }, formatTime(event.time, settings.get('clock'), 0).slice(11)),
  sentence(event),
  h('span', { class: 'audit-where mono' }, event.address));

  /** @param {boolean} opens */
  function show(opens) {
    // Made when it is first looked at: of most events nobody does.
    if (opens && detail.childElementCount === 0) detail.append(eventDetail(event, signal));
    detail.hidden = !opens;
    button.setAttribute('aria-expanded', String(opens));
  }
  if (isOpen) show(true);
  return h('li', { class: 'audit-item', dataset: { failed: String(event.failed) } }, button, detail);
}

/** @param {import('../../audit/event.js').AuditEvent} event */
function sentence(event) {
  const { actor, verb, object, target } = sentenceOf(event);
  return h('span', { class: 'audit-sentence' },
    h('strong', null, actor), ' ', verb, object && ' ', object, target && ' ', target && h('strong', null, target),
    event.workspace && h('span', { class: 'audit-workspace' }, ` in ${event.workspace}`));
}
