/**
 * `<docket-sidebar>`: the fields that the records have, and the values of those that are
 * open. It tells by `docket-filter` {field, value, exclude, also, remove} and
 * `docket-column-toggle` {name}.
 *
 * @typedef {import('./sidebar-facet.js').SidebarState} SidebarState
 * @typedef {import('./sidebar-values.js').SidebarField} SidebarField
 */

import { isAborted } from '../../api/client.js';
import { h, replaceChildren } from '../../dom.js';
import { detailOf } from '../../elements/empty-state.js';
import { icon } from '../../elements/icons.js';
import { counted, formatCount } from '../../format/number.js';
import { settings } from '../../state/settings.js';
import { Facet } from './sidebar-facet.js';
import { fieldOfName, ownFacets, readFields } from './sidebar-values.js';

/** How many attributes of a kind are listed until more are asked for: thousands take a moment. */
const few = 100;

/** Fields that are open until somebody closes them. */
const openAtFirst = ['level', 'service'];

export class Sidebar extends HTMLElement {
  static tag = 'docket-sidebar';

  /** @type {SidebarState | null} */
  #state = null;
  #controller = new AbortController();
  /** Those that are open, by name. @type {Map<string, Facet>} */
  #facets = new Map();
  /** @type {Set<string>} */
  #open = new Set([...openAtFirst, ...settings.get('pinned-fields')]);
  /** @type {{log: SidebarField[], resource: SidebarField[]}} */
  #fields = { log: [], resource: [] };
  /** What names the lists show now. */
  #drawn = '';
  #isRefreshing = false;
  #unsubscribe = () => {};

  constructor() {
    super();
    this.search = h('input', { class: 'input', type: 'search', 'aria-label': 'Find a field', placeholder: 'Find a field', oninput: () => this.#drawLists() });
    this.first = h('div', { class: 'sidebar-first' });
    this.log = this.#section('Attributes');
    this.resource = this.#section('Resource');
    this.note = h('p', { class: 'sidebar-note quiet-text', role: 'status' });
    this.addEventListener('click', (event) => this.#clicked(event));
  }

  connectedCallback() {
    if (this.childElementCount === 0) {
      this.setAttribute('role', 'region');
      this.setAttribute('aria-label', 'Fields');
      this.append(
        h('div', { class: 'sidebar-search' }, this.search),
        h('div', { class: 'sidebar-scroller', tabindex: -1 }, this.first, this.note, this.log.element, this.resource.element));
    }
    this.#unsubscribe = settings.subscribe('pinned-fields', () => this.#drawAll());
    this.#drawFirst();
  }

  disconnectedCallback() {
    this.#unsubscribe();
    this.#controller.abort();
    for (const facet of this.#facets.values()) facet.stop();
  }

  /** @param {SidebarState} state */
  show(state) {
    this.#state = state;
    for (const facet of this.#facets.values()) facet.show(state);
    void this.#load(state);
  }

  /**
   * Counts the values anew, as records have come: one field after the other, so that there is
   * never more than one request, and no second round before the first has ended.
   * @param {SidebarState['dateRange']} dateRange
   */
  async refresh(dateRange) {
    if (this.#state === null || this.hidden || this.#isRefreshing) return;
    this.#isRefreshing = true;
    this.#state = { ...this.#state, dateRange };
    // The first records bring the first names.
    if (this.#fields.log.length + this.#fields.resource.length === 0) await this.#load(this.#state);
    for (const facet of [...this.#facets.values()]) {
      if (this.isConnected) await facet.refresh(this.#state);
    }
    this.#isRefreshing = false;
  }

  /** Takes note of how many records there are. @param {number} total */
  setTotal(total) {
    if (this.#state !== null) this.#state = { ...this.#state, total };
    for (const facet of this.#facets.values()) facet.setTotal(total);
  }

  /** @param {SidebarState} state */
  async #load({ q, dateRange }) {
    this.#controller.abort();
    this.#controller = new AbortController();
    try {
      this.#fields = await readFields({ q, dateRange }, this.#controller.signal);
      this.#drawLists();
      if (this.#fields.log.length + this.#fields.resource.length === 0) this.note.textContent = 'These records have no attributes.';
    } catch (error) {
      if (!isAborted(error)) this.note.textContent = detailOf(error);
    }
  }

  /** @param {string} title */
  #section(title) {
    const count = h('span', { class: 'sidebar-count' });
    const list = h('ul', { class: 'sidebar-list' });
    return { count, list, element: h('section', { hidden: true }, h('h3', { class: 'sidebar-title' }, title, count), list) };
  }

  /** @returns {string[]} */
  get #pinned() {
    return settings.get('pinned-fields');
  }

  #drawAll() {
    this.#drawFirst();
    this.#drawn = '';
    this.#drawLists();
  }

  /** The fields that every record has, and the pinned ones. */
  #drawFirst() {
    const own = ownFacets.map((field) => this.#entry(field));
    const pinned = this.#pinned.filter((name) => !ownFacets.some((field) => field.name === name)).map((name) => this.#entry(fieldOfName(name)));
    replaceChildren(this.first, h('ul', { class: 'sidebar-list', 'aria-label': 'Often used fields' }, own, pinned));
  }

  /** The attributes whose names contain what is looked for, as many as one may want to see. */
  #drawLists() {
    const wanted = this.search.value.trim().toLowerCase();
    const isListed = (/** @type {SidebarField} */ { name, label }) => !this.#pinned.includes(name) && label.toLowerCase().includes(wanted);
    const lists = /** @type {const} */ ([[this.log, this.#fields.log], [this.resource, this.#fields.resource]])
      .map(([section, fields]) => ({ section, found: fields.filter(isListed) }));
    const names = JSON.stringify(lists.map(({ found }) => found.map(({ name }) => name)));
    if (names === this.#drawn) return;
    this.#drawn = names;
    const focused = document.activeElement?.closest('.sidebar-field')?.getAttribute('data-name');
    for (const { section, found } of lists) {
      section.element.hidden = found.length === 0;
      section.count.textContent = formatCount(found.length);
      const rest = found.slice(few);
      const more = h('button', { type: 'button', class: 'button quiet small', onclick: () => more.parentElement?.replaceWith(...rest.map((field) => this.#entry(field))) }, `Show ${formatCount(rest.length)} more`);
      replaceChildren(section.list, found.slice(0, few).map((field) => this.#entry(field)), rest.length > 0 && h('li', null, more));
      if (typeof focused === 'string') this.#focus(section.list, focused);
    }
    this.note.textContent = wanted === '' ? '' : counted(lists.reduce((sum, { found }) => sum + found.length, 0), 'field');
  }

  /** Gives the focus back to a field that has been drawn anew. @param {HTMLElement} list @param {string} name */
  #focus(list, name) {
    for (const element of list.querySelectorAll('.sidebar-field')) {
      if (element instanceof HTMLElement && element.dataset.name === name) element.querySelector('button')?.focus();
    }
  }

  /** @param {SidebarField} field */
  #entry({ name, label }) {
    const isOpen = this.#open.has(name);
    const element = h('li', { class: 'sidebar-field', dataset: { name } },
      h('button', { type: 'button', class: 'sidebar-name', 'aria-expanded': String(isOpen), title: name },
        h('span', null, label)));
    if (isOpen) this.#addFacet(element, name);
    return element;
  }

  /** One listener for thousands of fields. @param {Event} event */
  #clicked(event) {
    const button = event.target instanceof Element ? event.target.closest('button') : null;
    const element = button?.closest('.sidebar-field');
    if (!(element instanceof HTMLElement) || button === null) return;
    const name = element.dataset.name ?? '';
    if (button.classList.contains('sidebar-name')) this.#toggle(element, name);
    else if (button.classList.contains('sidebar-pin')) this.#pin(name);
    else if (button.classList.contains('sidebar-column')) this.dispatchEvent(new CustomEvent('docket-column-toggle', { bubbles: true, detail: { name } }));
  }

  /** @param {HTMLElement} element @param {string} name */
  #toggle(element, name) {
    const isOpen = !this.#open.has(name);
    element.querySelector('.sidebar-name')?.setAttribute('aria-expanded', String(isOpen));
    if (isOpen) {
      this.#open.add(name);
      this.#addFacet(element, name);
      return;
    }
    this.#open.delete(name);
    this.#facets.get(name)?.stop();
    this.#facets.delete(name);
    for (const child of [...element.children].slice(1)) child.remove();
  }

  /** @param {HTMLElement} element @param {string} name */
  #addFacet(element, name) {
    const isNew = !this.#facets.has(name);
    const known = [...this.#fields.log, ...this.#fields.resource].find((field) => field.name === name);
    const facet = this.#facets.get(name) ?? new Facet(known ?? fieldOfName(name));
    this.#facets.set(name, facet);
    element.append(this.#tools(name), facet.element);
    if (isNew && this.#state !== null) facet.show(this.#state);
  }

  /** @param {string} name */
  #tools(name) {
    const isPinned = this.#pinned.includes(name);
    const canPin = !ownFacets.some((field) => field.name === name);
    return h('span', { class: 'sidebar-tools' },
      h('button', { type: 'button', class: 'icon-button sidebar-column', 'aria-label': `Show or hide ${name} as a column`, title: 'As a column' }, icon('columns', { size: 14 })),
      canPin && h('button', {
        type: 'button', class: 'icon-button sidebar-pin', 'aria-pressed': String(isPinned),
        'aria-label': `Pin ${name}`, title: isPinned ? 'Unpin' : 'Pin to the top',
      }, icon('pin', { size: 14 })));
  }

  /** @param {string} name */
  #pin(name) {
    const pinned = this.#pinned;
    settings.set('pinned-fields', pinned.includes(name) ? pinned.filter((other) => other !== name) : [...pinned, name]);
  }
}

customElements.define(Sidebar.tag, Sidebar);
