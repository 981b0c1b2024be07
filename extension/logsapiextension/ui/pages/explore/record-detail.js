/**
 * All of a record: its fields, what happened around it, its JSON, and what a language model
 * says of it. Bubbles `docket-filter` and `docket-column-toggle` of its fields.
 *
 * @typedef {import('../../api/types.js').LogRow} LogRow
 */

import { isAborted } from '../../api/client.js';
import { getRecord } from '../../api/record.js';
import { h, replaceChildren } from '../../dom.js';
import { icon } from '../../elements/icons.js';
import { laterElement } from '../../elements/later.js';
import { describeTimesIn } from '../../elements/time-hint.js';
import { formatTime, relativeTime, parseInstant, zoneName } from '../../format/time.js';
import { link } from '../../state/route.js';
import { session } from '../../state/session.js';
import { recordCommand } from './commands.js';
import { copyText } from './copy.js';
import { fieldTree } from './field-tree.js';
import { fieldGroups } from './fields.js';
import { foldedText } from './folded-text.js';

/**
 * @typedef {object} DetailOptions
 * @property {LogRow} record
 * @property {readonly string[] | null} columns those of the table that it is in; null for none
 * @property {boolean} [isPage] true on the page of the record: there is no link to it
 *
 * @typedef {{name: string, label: string, content: () => HTMLElement}} Tab
 */

let lastID = 0;

export class RecordDetailElement extends HTMLElement {
  /** @type {DetailOptions | null} */
  #options = null;
  #running = new AbortController();
  #id = `record-detail-${++lastID}`;
  #panel = h('div', { role: 'tabpanel', class: 'record-panel' });
  /** Whether the record's hash is right; null as long as that is not known. @type {boolean | null} */
  #isVerified = null;
  /** @type {Map<string, HTMLElement>} */
  #contents = new Map();
  #chosen = 'fields';

  constructor() {
    super();
    describeTimesIn(this);
  }

  /** @param {DetailOptions} options */
  show(options) {
    const isOther = this.#options?.record.uuid !== options.record.uuid;
    this.#options = options;
    if (isOther) {
      this.#isVerified = null;
      this.#contents.clear();
      this.#verify(options.record);
      this.#render();
      return;
    }
    // Which columns there are is seen among the fields only; what else is open stays so.
    this.#contents.delete('fields');
    if (this.#chosen === 'fields') this.#choose('fields');
  }

  disconnectedCallback() {
    this.#running.abort();
  }

  #render() {
    const tabs = this.#tabs();
    replaceChildren(
      this,
      h('div', { class: 'record-head' },
        h('div', { role: 'tablist', class: 'tabs', 'aria-label': 'Parts of the record', onkeydown: moveBetweenTabs }, tabs.map((tab) => this.#tabButton(tab))),
        this.#tools()),
      this.#panel,
    );
    this.#choose(this.#chosen);
  }

  /** @returns {Tab[]} */
  #tabs() {
    return [
      { name: 'fields', label: 'Fields', content: () => this.#fields() },
      { name: 'context', label: 'Around it', content: () => this.#context() },
      { name: 'json', label: 'JSON', content: () => this.#json() },
      { name: 'explain', label: 'Explain', content: () => this.#explain() },
    ];
  }

  /** @param {Tab} tab */
  #tabButton({ name, label }) {
    return h('button', {
      type: 'button', role: 'tab', id: `${this.#id}-${name}`, dataset: { tab: name },
      onclick: () => this.#choose(name),
    }, label);
  }

  /** @param {string} name of the tab to show */
  #choose(name) {
    this.#chosen = name;
    const tab = this.#tabs().find((one) => one.name === name);
    if (!tab) return;
    for (const button of this.querySelectorAll('[role="tab"]')) {
      const isChosen = button instanceof HTMLElement && button.dataset.tab === name;
      button.setAttribute('aria-selected', String(isChosen));
      button.setAttribute('tabindex', isChosen ? '0' : '-1');
    }
    const content = this.#contents.get(name) ?? tab.content();
    this.#contents.set(name, content);
    this.#panel.setAttribute('aria-labelledby', `${this.#id}-${name}`);
    replaceChildren(this.#panel, content);
  }

  #tools() {
    const { record, isPage = false } = this.#shown();
    const address = link(['record'], { project: session.project, id: record.uuid, at: record.timestamp });
    /** @param {string} text @param {import('../../elements/icons.js').IconName} name @param {() => void} onclick */
    const tool = (text, name, onclick) => h('button', { type: 'button', class: 'button quiet small', onclick }, icon(name), text);
    return h(
      'div',
      { class: 'record-tools' },
      tool('Copy JSON', 'copy', () => copyText(jsonOf(record), 'the record as JSON')),
      tool('Copy curl', 'copy', () => copyText(recordCommand(session.client.address(''), session.projectPath, record.uuid, record.timestamp), 'a command that reads the record. Put your key into $DOCKET_KEY')),
      tool('Copy link', 'link', () => copyText(new URL(address, location.href).href, 'a link to the record')),
      !isPage && h('a', { class: 'button quiet small', href: address }, icon('external'), 'Open'),
    );
  }

  #fields() {
    const { record, columns } = this.#shown();
    return fieldTree(fieldGroups(record), {
      columns,
      extra: ({ name, text }) => {
        if (name === 'timestamp' || name === 'observed_timestamp') return timeNote(text);
        return name === 'hash' ? this.#hashNote() : null;
      },
    });
  }

  #context() {
    const { record } = this.#shown();
    return laterElement(() => import('./context.js'), () => {
      const element = h('docket-record-context');
      /** @type {import('./context.js').RecordContextElement} */ (element).show(record);
      return element;
    });
  }

  #json() {
    return h('pre', { class: 'record-json', tabindex: 0, 'aria-label': 'The record as JSON' }, foldedText(jsonOf(this.#shown().record), 'the JSON', { lines: 400, characters: 50_000 }));
  }

  #explain() {
    const { record } = this.#shown();
    return h('div', { class: 'record-explain' }, laterElement(
      () => import('./explain.js'),
      () => h('docket-explain', { 'record-id': record.uuid, timestamp: record.timestamp })));
  }

  #shown() {
    if (!this.#options) throw new Error('show the record first');
    return this.#options;
  }

  /**
   * Asks whether the record is still what its hash says.
   * @param {LogRow} record
   */
  async #verify(record) {
    this.#running.abort();
    this.#running = new AbortController();
    try {
      const { verified } = await getRecord(record.uuid, record.timestamp, { signal: this.#running.signal });
      this.#isVerified = verified;
      const note = this.querySelector('.record-hash-note');
      note?.replaceWith(this.#hashNote());
    } catch (error) {
      // Everything else of the record is there; that nothing is said of its hash is true.
      if (!isAborted(error)) this.#isVerified = null;
    }
  }

  #hashNote() {
    const isRight = this.#isVerified;
    if (isRight === null) return h('span', { class: 'record-hash-note' });
    const [kind, name, text] = isRight
      ? /** @type {const} */ (['success', 'shield', 'Matches the record'])
      : /** @type {const} */ (['danger', 'warning', 'Does not match: the record was changed']);
    return h('span', { class: `record-hash-note badge ${kind}` }, icon(name, { size: 12 }), text);
  }
}

customElements.define('docket-record-detail', RecordDetailElement);

/**
 * @param {string} text ISO 8601
 * @returns {HTMLElement} the time on the local clock, as the value is in UTC, and how long ago it was
 */
function timeNote(text) {
  const instant = parseInstant(text);
  const ago = instant ? relativeTime(instant.milliseconds) : '';
  const zone = zoneName('local');
  return h('span', { class: 'record-note' }, zone === 'UTC' ? ago : `${formatTime(text, 'local', 3)} ${zone} · ${ago}`);
}

/**
 * @param {LogRow} record
 * @returns {string} as the API has it
 */
function jsonOf(record) {
  return JSON.stringify({ ...record, live_logs_checkpoint: undefined }, null, 2);
}

/** @param {KeyboardEvent} event in a list of tabs */
function moveBetweenTabs(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
  if (step === 0 || !(event.currentTarget instanceof HTMLElement)) return;
  const tabs = /** @type {HTMLElement[]} */ ([...event.currentTarget.querySelectorAll('[role="tab"]')]);
  const at = tabs.findIndex((tab) => tab === document.activeElement);
  const next = tabs.at((at + step) % tabs.length);
  event.preventDefault();
  event.stopPropagation();
  next?.click();
  next?.focus();
}
