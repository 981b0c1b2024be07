/**
 * The list of suggestions under the search box. The focus stays in the box: the list only
 * says which suggestion is meant.
 *
 * @typedef {object} Option
 * @property {string} label
 * @property {string} hint
 * @property {() => void} choose
 *
 * @typedef {object} Section
 * @property {string} title
 * @property {Option[]} options
 * @property {{label: string, onselect: () => void} | null} [action]
 */

import { h, replaceChildren } from '../../dom.js';

export class SuggestionList {
  /** @type {Option[]} */
  #options = [];
  #active = -1;

  /** @param {HTMLElement} input what has the focus */
  constructor(input) {
    this.input = input;
    this.list = h('div', { class: 'search-options', role: 'listbox', id: 'search-options', 'aria-label': 'Suggestions' });
    this.foot = h('div', { class: 'search-list-foot' });
    this.status = h('div', { class: 'visually-hidden', role: 'status' });
    this.element = h('div', { class: 'search-list', hidden: true }, this.list, this.foot);
    // A press must not take the focus from the box.
    this.element.addEventListener('pointerdown', (event) => event.preventDefault());
    this.element.addEventListener('mousedown', (event) => event.preventDefault());
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /**
   * Shows the sections that have something in them.
   * @param {Section[]} sections
   */
  show(sections) {
    const shown = sections.filter(({ options }) => options.length > 0);
    const chosen = this.#options[this.#active]?.label;
    this.#options = shown.flatMap(({ options }) => options);
    if (this.#options.length === 0) {
      this.hide();
      return;
    }
    let index = 0;
    replaceChildren(this.list, shown.map(({ title, options }) =>
      h('div', { role: 'group', 'aria-label': title },
        h('div', { class: 'search-heading', role: 'presentation' }, title),
        options.map((option) => this.#row(option, index++)))));
    replaceChildren(this.foot, shown.map(({ action }) => action && h('button', { type: 'button', class: 'button quiet small', tabindex: -1, onclick: action.onselect }, action.label)),
      h('span', { class: 'quiet-text' }, h('kbd', null, '↑'), h('kbd', null, '↓'), ' choose ', h('kbd', null, '↵'), ' search'));
    this.element.hidden = false;
    this.status.textContent = `${this.#options.length} suggestions`;
    this.#activate(chosen === undefined ? -1 : this.#options.findIndex(({ label }) => label === chosen));
  }

  /**
   * Says why there are no suggestions.
   * @param {string} problem
   */
  say(problem) {
    this.hide();
    replaceChildren(this.list);
    replaceChildren(this.foot, h('span', { class: 'quiet-text' }, problem));
    this.element.hidden = false;
    this.status.textContent = problem;
  }

  hide() {
    this.element.hidden = true;
    this.#options = [];
    this.status.textContent = '';
    this.#activate(-1);
  }

  /** @param {1 | -1} direction */
  move(direction) {
    const count = this.#options.length + 1; // and none of them
    this.#activate(((this.#active + 1 + direction + count) % count) - 1);
  }

  /** Chooses the suggestion that is meant; reports whether there is one. */
  choose() {
    const option = this.#options[this.#active];
    option?.choose();
    return option !== undefined;
  }

  /** @param {Option} option @param {number} index */
  #row(option, index) {
    return h('div', {
      class: 'search-option', role: 'option', id: `search-option-${index}`, 'aria-selected': 'false',
      onclick: option.choose,
      onpointermove: () => this.#activate(index),
    }, h('span', { class: 'search-option-label' }, option.label), option.hint && h('span', { class: 'search-option-hint' }, option.hint));
  }

  /** @param {number} index -1 is none */
  #activate(index) {
    this.list.querySelector('[aria-selected="true"]')?.setAttribute('aria-selected', 'false');
    this.#active = index;
    const row = this.list.querySelector(`#search-option-${index}`);
    if (index < 0 || row === null) {
      this.input.removeAttribute('aria-activedescendant');
      return;
    }
    row.setAttribute('aria-selected', 'true');
    row.scrollIntoView({ block: 'nearest' });
    this.input.setAttribute('aria-activedescendant', row.id);
  }
}
