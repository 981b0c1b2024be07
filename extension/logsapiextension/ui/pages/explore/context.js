/**
 * What happened right before and after a record. It is shown beside the record, so that the
 * query stays as it is.
 *
 * @typedef {import('../../api/types.js').LogRow} LogRow
 */

import { isAborted } from '../../api/client.js';
import { getContext } from '../../api/record.js';
import { h, replaceChildren } from '../../dom.js';
import { errorState, loadingState } from '../../elements/empty-state.js';
import { formatCount } from '../../format/number.js';
import { distanceText } from '../../format/time.js';
import { link } from '../../state/route.js';
import { settings } from '../../state/settings.js';
import { levelElement, oneLine, timeElement } from './row.js';

const counts = [5, 10, 25, 50, 100, 500];

export class RecordContextElement extends HTMLElement {
  /** @type {LogRow | null} */
  #record = null;
  #count = 10;
  /** @type {'service' | 'project'} */
  #same = 'service';
  #running = new AbortController();
  #result = h('div', { class: 'record-context-result' });

  /** @param {LogRow} record */
  show(record) {
    this.#record = record;
    replaceChildren(this, this.#controls(), this.#result);
    this.#load();
  }

  disconnectedCallback() {
    this.#running.abort();
  }

  #controls() {
    const service = this.#record?.resource_attributes['service.name'];
    return h(
      'div',
      { class: 'toolbar record-context-controls' },
      h('label', null, 'Records on each side ', h('select', {
        class: 'input', value: String(this.#count),
        onchange: (/** @type {Event} */ event) => this.#change(() => (this.#count = Number(valueOfSelect(event)))),
      }, counts.map((count) => h('option', { value: String(count) }, String(count))))),
      h('label', null, 'of ', h('select', {
        class: 'input', value: this.#same,
        onchange: (/** @type {Event} */ event) => this.#change(() => (this.#same = valueOfSelect(event) === 'project' ? 'project' : 'service')),
      },
      h('option', { value: 'service' }, service ? `the service ${service}` : 'no service'),
      h('option', { value: 'project' }, 'the whole project'))),
    );
  }

  /** @param {() => void} change */
  #change(change) {
    change();
    this.#load();
  }

  async #load() {
    this.#running.abort();
    this.#running = new AbortController();
    const record = this.#record;
    if (!record) return;
    if (this.#result.childElementCount === 0) replaceChildren(this.#result, loadingState('Looking around the record…'));
    this.#result.setAttribute('aria-busy', 'true');
    try {
      const selection = { count: this.#count, same: this.#same };
      const found = await getContext(record.uuid, record.timestamp, selection, { signal: this.#running.signal });
      replaceChildren(this.#result, this.#table(found));
      this.#result.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
    } catch (error) {
      if (!isAborted(error)) replaceChildren(this.#result, errorState(error, () => this.#load()));
    }
    this.#result.removeAttribute('aria-busy');
  }

  /** @param {import('../../api/record.js').RecordContext} found */
  #table({ before, record, after }) {
    const label = `${formatCount(before.length)} records before and ${formatCount(after.length)} after`;
    return h(
      'div',
      { class: 'record-context-scroller', tabindex: 0, role: 'group', 'aria-label': label },
      h('table', { class: 'record-context' },
        h('caption', { class: 'visually-hidden' }, label),
        h('thead', { class: 'visually-hidden' }, h('tr', null, ['Distance', 'Time', 'Level', 'Service', 'Message'].map((name) => h('th', { scope: 'col' }, name)))),
        h('tbody', null,
          before.length < this.#count && edge('Nothing before that'),
          [...before, record, ...after].map((row) => line(row, record)),
          after.length < this.#count && edge('Nothing after that'))),
    );
  }
}

customElements.define('docket-record-context', RecordContextElement);

/** @param {string} text */
function edge(text) {
  return h('tr', { class: 'record-context-edge' }, h('td', { colspan: 5 }, text));
}

/**
 * @param {LogRow} row
 * @param {LogRow} middle
 */
function line(row, middle) {
  const isMiddle = row.uuid === middle.uuid;
  const text = oneLine(row.body || row.event_name || 'no message');
  return h(
    'tr',
    { 'aria-current': isMiddle ? 'true' : null },
    h('td', { class: 'record-context-distance' }, isMiddle ? 'this' : distanceText(row.timestamp, middle.timestamp)),
    h('td', { class: 'record-context-time' }, timeElement(row.timestamp, settings.get('clock'))),
    h('td', null, levelElement(row.level)),
    h('td', { class: 'record-context-service' }, row.resource_attributes['service.name'] ?? ''),
    h('td', { class: 'record-context-message' }, isMiddle ? text : h('a', { href: link(['record'], { id: row.uuid, at: row.timestamp }) }, text)),
  );
}

/** @param {Event} event */
function valueOfSelect({ target }) {
  return target instanceof HTMLSelectElement ? target.value : '';
}
