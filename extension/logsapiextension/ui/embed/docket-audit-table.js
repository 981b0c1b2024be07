/**
 * `<docket-audit-table token-url="/docket-token">`: the audit events of one customer, in the
 * app of the customer. docs/embed.md is its reference.
 *
 *     <script type="module" src="https://docket.example.com/ui/embed/docket-audit-table.js"></script>
 *
 * Attributes: `token-url`, an address of the app that answers {token, expires_at};
 * `server`, the address of Docket, if it is not where this file is from; `page-size`, 1 to 100.
 */

import { h, replaceChildren } from '../dom.js';
import { EventsClient } from './events-client.js';
import { tableRow } from './table-rows.js';
import { tableStyle } from './table-style.js';
import { TokenSource } from './token-source.js';

const style = new CSSStyleSheet();
style.replaceSync(tableStyle);

/** Where Docket is: this file is in its folder ui/embed. */
const origin = new URL('../../', import.meta.url).href;

/** @type {[name: string, label: string, type: string][]} */
const inputs = [['actor', 'Who', 'search'], ['action', 'Did what', 'search'], ['date_from', 'Since', 'date'], ['date_to', 'Until', 'date']];

export class AuditTable extends HTMLElement {
  static observedAttributes = ['token-url', 'server', 'page-size'];

  constructor() {
    super();
    this.root = this.attachShadow({ mode: 'open' });
    this.root.adoptedStyleSheets = [style];
    this.request = new AbortController();
    /** @type {EventsClient | null} */
    this.client = null;
    /**
     * Where tokens come from, if not from the address that token-url names.
     * @type {{get: () => Promise<string>, forget: () => void} | null}
     */
    this.tokens = null;
    /** @type {string | null} */
    this.next = null;
    /** An element that is made from markup gets its attributes before it is connected. */
    this.isShown = false;
    this.times = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: 'medium', timeStyle: 'medium' });
    this.fields = inputs.map(([name, , type]) => h('input', { name, type, maxlength: 256, onchange: () => this.load(true) }));
    this.download = h('button', { type: 'button', class: 'push', onclick: () => this.save() }, 'Download CSV');
    this.rows = h('tbody');
    this.table = h('table', { class: 'events' },
      h('caption', { class: 'visually-hidden' }, 'Audit events, the newest first'),
      h('thead', null, h('tr', null, ['Time', 'Event', 'Address'].map((name) => h('th', { scope: 'col' }, name)))), this.rows);
    this.more = h('button', { type: 'button', onclick: () => this.load(false) }, 'Earlier events');
    this.state = h('div', { class: 'state', role: 'status' });
    replaceChildren(this.root, h('div', { class: 'container' },
      h('form', { role: 'search', 'aria-label': 'Audit events', onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); void this.load(true); } },
        this.fields.map((input, at) => h('label', null, inputs[at][1], input)), h('button', { type: 'submit' }, 'Search'), this.download),
      this.table, this.state, h('div', { class: 'more' }, this.more)));
  }

  connectedCallback() {
    this.isShown = true;
    void this.load(true);
  }

  disconnectedCallback() {
    this.isShown = false;
    this.request.abort();
  }

  attributeChangedCallback() {
    this.client = null;
    if (this.isShown) void this.load(true);
  }

  /** Reads the events anew. */
  refresh() {
    return this.load(true);
  }

  /**
   * @param {boolean} anew or the next page
   */
  async load(anew) {
    this.request.abort();
    this.request = new AbortController();
    const { signal } = this.request;
    this.tell('Reading audit events …');
    this.more.hidden = true;
    try {
      const { events, next } = await this.#client().page(this.#filter(), { after: anew ? null : this.next, limit: this.#pageSize(), signal });
      if (signal.aborted) return;
      if (anew) replaceChildren(this.rows);
      this.rows.append(...events.map((event) => tableRow(event, this.times)));
      this.next = next;
      this.more.hidden = next === null;
      this.table.hidden = this.rows.childElementCount === 0;
      this.tell(this.table.hidden ? 'No events are like that.' : '');
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  /** Saves all events that are asked for as a file. */
  async save() {
    this.download.disabled = true;
    try {
      const file = URL.createObjectURL(await this.#client().csv(this.#filter(), this.request.signal));
      h('a', { href: file, download: 'audit-events.csv' }).click();
      setTimeout(() => URL.revokeObjectURL(file), 60_000);
    } catch (error) {
      if (!this.request.signal.aborted) this.fail(error);
    }
    this.download.disabled = false;
  }

  /** @param {string} text "" when there is nothing to say */
  tell(text) {
    this.state.setAttribute('role', 'status');
    this.state.hidden = text === '';
    this.state.textContent = text;
  }

  /** @param {unknown} error */
  fail(error) {
    this.tell(error instanceof Error ? error.message : String(error));
    this.state.setAttribute('role', 'alert');
    this.more.hidden = this.next === null;
  }

  #client() {
    const server = new URL(this.getAttribute('server') ?? origin, document.baseURI).href;
    this.client ??= new EventsClient(server, this.tokens ?? this.#tokensOfApp());
    return this.client;
  }

  #tokensOfApp() {
    const address = this.getAttribute('token-url');
    if (!address) throw new Error('The table needs an attribute token-url: an address of the app that answers a token.');
    return new TokenSource(new URL(address, document.baseURI).href);
  }

  /** @returns {import('./events-client.js').EventFilter} */
  #filter() {
    const filter = /** @type {import('./events-client.js').EventFilter} */ (Object.fromEntries(this.fields.map(({ name, value }) => [name, value.trim()])));
    // A day of the calendar is one on the clock of whoever looks.
    if (filter.date_from !== '') filter.date_from = new Date(`${filter.date_from}T00:00:00`).toISOString();
    if (filter.date_to !== '') filter.date_to = new Date(`${filter.date_to}T23:59:59.999`).toISOString();
    return filter;
  }

  #pageSize() {
    const size = Number(this.getAttribute('page-size') ?? 25);
    return Number.isInteger(size) && size >= 1 && size <= 100 ? size : 25;
  }
}

customElements.define('docket-audit-table', AuditTable);
