/**
 * `<docket-search-box>`: where a search is typed. Typing only changes the box; Enter tells
 * the page by `docket-search` {q}.
 *
 * @typedef {import('../../api/types.js').DateRange} DateRange
 * @typedef {typeof import('./completion.js')} Completion
 */

import { isAborted } from '../../api/client.js';
import { h } from '../../dom.js';
import { detailOf } from '../../elements/empty-state.js';
import { icon } from '../../elements/icons.js';
import { loadPart } from '../../elements/later.js';
import { shortcuts } from '../../elements/shortcuts.js';
import { withoutField } from '../../query/compose.js';
import { indexOfColumn } from '../../query/scanner.js';
import { session } from '../../state/session.js';
import { highlight } from './search-box-highlight.js';
import { SuggestionList } from './search-box-list.js';
import { forgetSearches, recentSearches } from './search-history.js';

/** How long nobody types before records are asked for suggestions, in milliseconds. */
const pause = 140;

/** Loads what knows how to go on with what is typed. */
export const loadCompletion = () => import('./completion.js');

const examples = ['level>=warn', '"connection refused"', 'level:error -service:""'];

export class SearchBox extends HTMLElement {
  static tag = 'docket-search-box';

  /** The search that runs, which the box may differ from. */
  #q = '';
  /** @type {DateRange} */
  #dateRange = {};
  #controller = new AbortController();
  #timer = 0;
  /** @type {(() => void)[]} */
  #cleanups = [];
  /** @type {number | null} */
  #wrongAt = null;

  constructor() {
    super();
    this.input = h('textarea', {
      class: 'search-text', rows: 1, spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off',
      'aria-label': 'Search', 'aria-autocomplete': 'list', 'aria-controls': 'search-options', 'aria-describedby': 'search-problem',
      placeholder: 'Search: level:error service:checkout "card declined"', maxlength: 8192,
      oninput: () => this.#typed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#pressed(event),
      onclick: () => this.#suggest(),
      onfocus: () => void loadCompletion().catch(() => undefined), // it is said when somebody types
      onblur: () => this.#list.hide(),
    });
    this.highlighted = h('div', { class: 'search-highlight', 'aria-hidden': 'true' });
    this.problem = h('button', { type: 'button', class: 'search-problem', id: 'search-problem', hidden: true, onclick: () => this.#goToProblem() });
    this.clearButton = h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Clear the search', title: 'Clear', hidden: true, onclick: () => this.#clear() }, icon('close'));
    this.historyButton = h('button', {
      type: 'button', class: 'icon-button', 'aria-label': 'Recent searches', title: 'Recent searches',
      onmousedown: (/** @type {Event} */ event) => event.preventDefault(),
      onclick: () => (this.#list.isOpen ? this.#list.hide() : this.#showRecent()),
    }, icon('clock'));
    this.#list = new SuggestionList(this.input);
  }

  /** @type {SuggestionList} */
  #list;

  connectedCallback() {
    if (this.childElementCount === 0) {
      this.append(
        h('div', { class: 'search-box', role: 'search' },
          icon('search', { class: 'search-icon' }),
          h('div', { class: 'search-input' }, this.highlighted, this.input),
          this.clearButton, this.historyButton,
          h('button', { type: 'button', class: 'button primary search-run', title: 'Search (Enter)', onclick: () => this.#run() }, 'Search'),
          this.#list.element),
        h('div', { role: 'status' }, this.problem),
        this.#list.status);
    }
    const focus = () => this.#focus();
    this.#cleanups = [
      shortcuts.add('/', 'Go to the search box', focus, { group: 'Search' }),
      shortcuts.add('s', '', focus, { group: 'Search' }),
      shortcuts.add('Mod+Enter', 'Search again', () => this.#run(), { group: 'Search' }),
    ];
    this.#draw();
  }

  disconnectedCallback() {
    for (const cleanup of this.#cleanups) cleanup();
    this.#stop();
  }

  /**
   * Shows the search that runs. What is being typed stays, unless the search has changed.
   * @param {{q: string, dateRange: DateRange}} state
   */
  show({ q, dateRange }) {
    this.#dateRange = dateRange;
    if (q === this.#q && this.#isDrawn) return;
    this.#q = q;
    this.input.value = q;
    this.showProblem(null);
    this.#draw();
  }

  #isDrawn = false;

  /**
   * Says what is wrong with a search.
   * @param {import('../../api/client.js').ApiError | null} error with a column
   * @param {number} [start] where the search begins in what stands in the box
   * @param {string} [q] the one that runs, unless it is another
   */
  showProblem(error, start = 0, q = this.#q) {
    const isWrong = error !== null && error.column !== null;
    this.#wrongAt = isWrong ? start + indexOfColumn(q, /** @type {number} */ (error.column)) : null;
    this.problem.hidden = !isWrong;
    this.problem.replaceChildren(...(isWrong ? [icon('warning', { size: 14 }), h('span', null, error.detail.replace(/^.*?q: (?=column)/, '').replace(/^column/, 'Column'))] : []));
    this.input.toggleAttribute('aria-invalid', false);
    if (isWrong) this.input.setAttribute('aria-invalid', 'true');
    this.#draw();
  }

  /** What the box says. A box knows no carriage returns, so a search with some is only its own until it is edited. */
  get #text() {
    const isEdited = this.input.value !== this.#q.replace(/\r\n?/g, '\n');
    return isEdited ? this.input.value : this.#q;
  }

  #draw() {
    this.#isDrawn = true;
    highlight(this.highlighted, this.input.value, this.#wrongAt);
    this.clearButton.hidden = this.input.value === '';
  }

  #typed() {
    this.#wrongAt = null;
    this.problem.hidden = true;
    this.input.removeAttribute('aria-invalid');
    this.#draw();
    this.#suggest();
  }

  #run() {
    this.#stop();
    this.#list.hide();
    this.dispatchEvent(new CustomEvent('docket-search', { bubbles: true, detail: { q: this.#text } }));
  }

  #clear() {
    this.input.value = '';
    this.#typed();
    this.input.focus();
    this.#run();
  }

  #focus() {
    this.input.focus();
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
  }

  #goToProblem() {
    this.input.focus();
    const at = this.#wrongAt ?? 0;
    this.input.setSelectionRange(at, Math.min(this.input.value.length, at + 1));
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing) return;
    const isRun = event.key === 'Enter' && !event.shiftKey;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (!this.#list.isOpen && this.input.value.includes('\n')) return;
      if (this.#list.isOpen) this.#list.move(event.key === 'ArrowDown' ? 1 : -1);
      else this.#suggest();
    } else if (isRun) {
      if (event.ctrlKey || event.metaKey || !this.#list.choose()) this.#run();
    } else if (event.key === 'Tab' && !event.shiftKey && this.#list.isOpen) {
      if (!this.#list.choose()) return;
    } else if (event.key === 'Escape') {
      if (this.#list.isOpen) this.#list.hide();
      else this.input.blur();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }

  /** Shows what is known at once, and what the records say when nobody types for a moment. */
  #suggest() {
    this.#stop();
    if (this.input.value.trim() === '') {
      this.#showRecent();
      return;
    }
    this.#controller = new AbortController();
    void this.#complete(this.#controller.signal);
  }

  /** @param {AbortSignal} signal aborted when something else is typed */
  async #complete(signal) {
    /** @type {Completion} */
    let completion;
    try {
      completion = await loadPart(loadCompletion);
    } catch (error) {
      if (!signal.aborted) this.#list.say(detailOf(error));
      return;
    }
    if (signal.aborted || document.activeElement !== this.input) return;
    const place = completion.placeAt(this.input.value, this.input.selectionStart);
    const own = completion.ownSuggestions(place);
    if (place.kind === 'field' && place.prefix === '') {
      this.#list.hide();
      return;
    }
    this.#showSuggestions(place, own);
    this.#timer = setTimeout(() => this.#ask(completion, place, own, signal), pause);
  }

  /**
   * @param {Completion} completion
   * @param {import('./completion.js').Place} place
   * @param {import('./completion.js').Suggestion[]} own
   * @param {AbortSignal} signal
   */
  async #ask(completion, place, own, signal) {
    try {
      const q = place.kind === 'value' ? withoutField(this.#q, place.field) : '';
      const found = await completion.foundSuggestions(place, { q, dateRange: this.#dateRange }, signal);
      if (!signal.aborted && document.activeElement === this.input) this.#showSuggestions(place, [...own, ...found]);
    } catch (error) {
      // Without suggestions one can type on; what is wrong shows when the search runs.
      if (!isAborted(error)) this.#showSuggestions(place, own);
    }
  }

  /**
   * @param {import('./completion.js').Place} place
   * @param {import('./completion.js').Suggestion[]} suggestions
   */
  #showSuggestions(place, suggestions) {
    const title = place.kind === 'field' ? 'Fields' : `Values of ${place.field}`;
    const unlike = suggestions.filter(({ insert }) => insert !== this.input.value.slice(place.start, place.end));
    this.#list.show([{ title, options: unlike.map((suggestion) => ({ ...suggestion, choose: () => this.#insert(place, suggestion) })) }]);
  }

  #showRecent() {
    const recent = recentSearches(session.project);
    const option = (/** @type {string} */ search) => ({
      label: search,
      hint: '',
      choose: () => {
        this.input.value = search;
        this.#typed();
        this.#run();
      },
    });
    this.#list.show([
      {
        title: 'Recent searches',
        options: recent.filter((search) => search !== this.input.value).map(option),
        action: { label: 'Forget these', onselect: () => this.#forget() },
      },
      { title: 'For example', options: recent.length > 4 ? [] : examples.map(option) },
    ]);
    this.input.focus();
  }

  #forget() {
    forgetSearches(session.project);
    this.#showRecent();
  }

  /**
   * @param {import('./completion.js').Place} place
   * @param {import('./completion.js').Suggestion} suggestion
   */
  #insert(place, { insert }) {
    const isValue = place.kind === 'value';
    const text = isValue && !place.isInList && !/^\s/.test(this.input.value.slice(place.end)) ? `${insert} ` : insert;
    const hasOperator = !isValue && /^(!=|=~|[<>]=?|[:=~])/.test(this.input.value.slice(place.end));
    this.input.setRangeText(hasOperator ? text.replace(/(>=|[:=>])$/, '') : text, place.start, place.end, 'end');
    this.#typed();
  }
}

customElements.define(SearchBox.tag, SearchBox);
