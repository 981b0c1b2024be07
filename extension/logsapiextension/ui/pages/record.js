/**
 * The page of one record, `#/record?id=…`: what a link to a record opens. `at` is its time,
 * which makes it be found sooner.
 *
 * @typedef {import('../api/record.js').VerifiedRow} VerifiedRow
 * @typedef {import('./explore/record-detail.js').RecordDetailElement} RecordDetailElement
 */

import { isAborted } from '../api/client.js';
import { getRecord } from '../api/record.js';
import { h, replaceChildren } from '../dom.js';
import { emptyState, errorState, loadingState } from '../elements/empty-state.js';
import { icon } from '../elements/icons.js';
import { describeTimesIn } from '../elements/time-hint.js';
import { movedTime, parseInstant, relativeTime } from '../format/time.js';
import { addCondition } from '../query/compose.js';
import { link, navigate } from '../state/route.js';
import { settings } from '../state/settings.js';
import './explore/record-detail.js';
import { foldedText } from './explore/folded-text.js';
import { levelElement, timeElement } from './explore/row.js';

/** How far around the record Explore looks when one goes there, in milliseconds. */
const around = 15 * 60_000;

export default class RecordPage extends HTMLElement {
  static tag = 'docket-record-page';

  #running = new AbortController();
  /** @type {VerifiedRow | null} */
  #record = null;
  /** @type {() => void} */
  #unsubscribe = () => undefined;

  connectedCallback() {
    describeTimesIn(this);
    this.addEventListener('docket-filter', (event) => this.#explore(/** @type {CustomEvent} */ (event).detail));
    this.#unsubscribe = settings.subscribe('clock', () => this.#draw());
  }

  disconnectedCallback() {
    this.#running.abort();
    this.#unsubscribe();
  }

  /** @param {{parameters: URLSearchParams}} route */
  async update({ parameters }) {
    const id = parameters.get('id') ?? '';
    const at = parameters.get('at');
    this.#running.abort();
    this.#running = new AbortController();
    this.#record = null;
    if (!/^(?:[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(id)) {
      this.#say(emptyState({ title: 'This link names no record', text: 'A link to a record ends with id= and the id or the hash of the record. Copy the whole of it.', actions: [toExplore()] }));
      return;
    }
    this.#say(loadingState('Looking for the record…'));
    try {
      this.#record = await getRecord(id, at && parseInstant(at) ? at : null, { signal: this.#running.signal });
      this.#draw();
    } catch (error) {
      if (isAborted(error)) return;
      const isMissing = error instanceof Error && 'status' in error && error.status === 404;
      this.#say(isMissing
        ? emptyState({ title: 'This record is not here', text: 'It may be older than records are kept, or be of another project: choose that at the top.', icon: 'search', actions: [toExplore()] })
        : errorState(error, () => this.update({ parameters })));
    }
  }

  /** @param {HTMLElement} state */
  #say(state) {
    replaceChildren(this, h('div', { class: 'page' }, h('h1', { class: 'visually-hidden' }, 'A record'), state));
  }

  #draw() {
    const record = this.#record;
    if (!record) return;
    const detail = /** @type {RecordDetailElement} */ (h('docket-record-detail'));
    detail.show({ record, columns: null, isPage: true });
    const instant = parseInstant(record.timestamp);
    const title = record.body || record.event_name || 'A record without a message';
    replaceChildren(this, h('div', { class: 'page' },
      h('div', { class: 'page-header' },
        h('div', { class: 'record-page-title' },
          levelElement(record.level),
          timeElement(record.timestamp, settings.get('clock')),
          h('span', { class: 'quiet-text' }, instant ? relativeTime(instant.milliseconds) : ''),
          h('span', { class: 'quiet-text' }, record.resource_attributes['service.name'] ?? '')),
        h('a', { class: 'button push', href: this.#surroundings(record) }, icon('context'), 'See it in Explore')),
      h('h1', { class: 'record-page-message' }, foldedText(title, 'message')),
      h('div', { class: 'panel' }, detail)));
  }

  /** @param {VerifiedRow} record */
  #surroundings({ timestamp, uuid }) {
    return link(['explore'], { from: movedTime(timestamp, -around), to: movedTime(timestamp, around), record: uuid });
  }

  /**
   * Searches around the record's time for what one of its fields says.
   * @param {{field: string, value: string, exclude: boolean}} filter
   */
  #explore(filter) {
    const timestamp = this.#record?.timestamp ?? '';
    navigate(['explore'], { q: addCondition('', filter), from: movedTime(timestamp, -around), to: movedTime(timestamp, around) });
  }
}

function toExplore() {
  return { label: 'Go to Explore', href: link(['explore']), primary: true };
}
