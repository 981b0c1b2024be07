/**
 * Explore: the page on which records are searched. It owns the state, which is all in the
 * address; its parts show the state and tell by events what somebody wants.
 *
 * @typedef {import('./explore-state.js').ExploreState} ExploreState
 * @typedef {import('./patterns.js').PatternsElement} PatternsElement
 */

import { ApiError } from '../../api/client.js';
import { h, replaceChildren } from '../../dom.js';
import { errorState } from '../../elements/empty-state.js';
import { HistogramElement } from '../../elements/histogram.js';
import { loadPart, loadWhenIdle, withPart } from '../../elements/later.js';
import { shortcuts } from '../../elements/shortcuts.js';
import { loadTypedRange, TimeRange } from '../../elements/time-range.js';
import { addCondition, removeCondition } from '../../query/compose.js';
import { link, navigate } from '../../state/route.js';
import { absolute, dateRangeOf } from '../../state/range.js';
import { session } from '../../state/session.js';
import { settings } from '../../state/settings.js';
import { copyText } from './copy.js';
import { defaultColumns } from './columns.js';
import { ExploreBar } from './explore-bar.js';
import { parametersOf, stateOf } from './explore-state.js';
import { loadRecordDetail } from './record-place.js';
import { LogRowsElement } from './rows.js';
import { loadCompletion, SearchBox } from './search-box.js';
import { rememberSearch } from './search-history.js';
import { Sidebar } from './sidebar.js';

/** How often what is beside a live tail is counted anew, in milliseconds. */
const liveRhythm = 10_000;

export default class ExplorePage extends HTMLElement {
  static tag = 'docket-explore-page';

  #state = stateOf(new URLSearchParams());
  /** What the parts have been asked to show. */
  #asked = '';
  #live = 0;
  #hasRest = false;
  /** @type {(() => void)[]} */
  #cleanups = [];
  /** @type {PatternsElement | null} */
  #patterns = null;

  constructor() {
    super();
    this.search = new SearchBox();
    this.time = new TimeRange();
    this.histogram = new HistogramElement();
    this.sidebar = new Sidebar();
    this.rows = new LogRowsElement();
    this.bar = new ExploreBar({
      select: (tab) => this.#go({ tab }),
      tail: (tail) => this.#go({ tail }),
      columns: (columns, widths) => this.#go({ columns, widths }, true),
      rows: () => this.rows,
      sidebar: () => this.#toggleSidebar(),
    });
    this.results = h('div', { class: 'explore-results', role: 'tabpanel', id: 'explore-results' });
    for (const [name, listener] of Object.entries(this.#listeners())) {
      this.addEventListener(name, (event) => listener(/** @type {CustomEvent} */ (event).detail));
    }
  }

  connectedCallback() {
    if (this.childElementCount === 0) {
      this.append(
        h('h1', { class: 'visually-hidden' }, 'Explore'),
        h('div', { class: 'explore-top' },
          this.search, this.time,
          h('div', { class: 'explore-actions' }, this.bar.saveButton, this.bar.alertLink, this.bar.shareButton)),
        h('div', { class: 'explore-histogram' }, this.histogram),
        h('div', { class: 'explore-body' }, this.sidebar, h('div', { class: 'explore-main' }, this.bar.element, this.results)));
    }
    this.bar.shareButton.addEventListener('click', () => this.#share());
    this.bar.saveButton.addEventListener('click', () => this.#save());
    const narrow = matchMedia('(max-width: 800px)');
    const fit = () => this.#showSidebar(narrow.matches ? false : settings.get('sidebar') === 'shown');
    narrow.addEventListener('change', fit);
    this.#cleanups = [
      () => narrow.removeEventListener('change', fit),
      settings.subscribe('clock', () => this.#ask(false)),
      settings.subscribe('wrap', () => this.bar.show(this.#state)),
      shortcuts.add('l', 'Live: records as they come', () => this.#go({ tail: !this.#state.tail }), { group: 'Search' }),
      shortcuts.add('f', 'Show or hide the fields', () => this.#toggleSidebar(), { group: 'Search' }),
      shortcuts.add('h', 'Show or hide the histogram', () => settings.set('histogram', settings.get('histogram') === 'shown' ? 'hidden' : 'shown'), { group: 'Search' }),
      shortcuts.add('t', 'Choose the time', () => this.time.open(), { group: 'Search' }),
    ];
    fit();
  }

  disconnectedCallback() {
    for (const cleanup of this.#cleanups) cleanup();
    clearInterval(this.#live);
  }

  /** @param {{parameters: URLSearchParams}} route */
  update(route) {
    this.#state = stateOf(route.parameters);
    this.bar.show(this.#state);
    this.#showTab();
    this.#ask(false);
    clearInterval(this.#live);
    if (this.#state.tail) this.#live = setInterval(() => this.#countAnew(), liveRhythm);
  }

  /** Lets what is beside a live tail follow it, where somebody can see that. */
  #countAnew() {
    if (document.visibilityState !== 'visible') return;
    const { from, to } = this.#state;
    this.histogram.show(this.#state);
    void this.sidebar.refresh(dateRangeOf({ from, to }, this.#present));
  }

  get #present() {
    return { now: Date.now(), clock: settings.get('clock') };
  }

  /**
   * Goes to another state.
   * @param {Partial<ExploreState>} change
   * @param {boolean} [replace] true: the back button does not come here
   */
  #go(change, replace = false) {
    navigate(['explore'], parametersOf({ ...this.#state, ...change }), { replace });
  }

  /** @returns {Record<string, (detail: any) => void>} */
  #listeners() {
    return {
      'docket-search': ({ q, tab }) => this.#search(q, true, tab),
      'docket-filter': ({ remove = false, ...filter }) => this.#search((remove ? removeCondition : addCondition)(this.#state.q, filter), false),
      'docket-range': ({ from, to }) => this.#go({ from, to, record: null, tail: false }),
      'docket-columns': ({ columns, widths }) => this.#go({ columns, widths }, true),
      'docket-column-toggle': ({ name }) => this.#toggleColumn(name),
      'docket-sort': ({ sort }) => this.#go({ sort, record: null }),
      'docket-select': ({ id }) => this.#go({ record: id }, true),
      'docket-tail': ({ on }) => this.#go({ tail: on }),
      'docket-tail-state': (state) => this.bar.showTail(state),
      'docket-count': (count) => {
        this.bar.showCount(count);
        if (count.loaded > 0) this.#loadRest();
      },
      'docket-total': ({ count }) => {
        this.search.showProblem(null);
        this.sidebar.setTotal(count);
      },
      'docket-problem': ({ error }) => this.search.showProblem(error instanceof ApiError ? error : null),
    };
  }

  /** Loads what somebody will want soon, once records are there: that needs a network, too. */
  #loadRest() {
    if (this.#hasRest) return;
    this.#hasRest = true;
    loadWhenIdle([loadRecordDetail, loadCompletion, loadTypedRange]);
  }

  /** @param {string} q @param {boolean} isAgain true: what is shown already is asked anew @param {'logs' | 'patterns'} [tab] */
  #search(q, isAgain, tab = this.#state.tab) {
    rememberSearch(session.project, q);
    if (q !== this.#state.q || tab !== this.#state.tab) this.#go({ q, tab, record: null });
    else if (isAgain) this.#ask(true);
  }

  /** Lets the parts show the state. @param {boolean} isAgain */
  #ask(isAgain) {
    const { q, from, to } = this.#state;
    const dateRange = dateRangeOf({ from, to }, this.#present);
    const shown = { ...this.#state, from: dateRange.date_from ?? from, to: dateRange.date_to ?? 'now' };
    this.search.show({ q, dateRange });
    this.time.show({ from, to });
    // The records come first: they are what somebody waits for.
    if (this.#state.tab === 'logs') {
      this.rows.show(shown);
      if (isAgain) this.rows.refresh();
    } else {
      this.#patterns?.show(shown);
    }
    const asked = JSON.stringify([q, dateRange]);
    if (asked === this.#asked && !isAgain) return;
    this.#asked = asked;
    this.histogram.show({ q, from, to });
    this.sidebar.show({ q, dateRange, total: null });
  }

  #showTab() {
    const { tab } = this.#state;
    this.results.setAttribute('aria-labelledby', `explore-tab-${tab}`);
    if (tab === 'logs') {
      if (!this.rows.isConnected) replaceChildren(this.results, this.rows);
    } else if (this.#patterns !== null) {
      if (!this.#patterns.isConnected) replaceChildren(this.results, this.#patterns);
    } else {
      void this.#loadPatterns();
    }
  }

  async #loadPatterns() {
    try {
      await loadPart(() => import('./patterns.js'));
      this.#patterns ??= /** @type {PatternsElement} */ (h('docket-patterns'));
      this.#showTab();
      if (this.#state.tab === 'patterns') this.#ask(false);
    } catch (error) {
      if (this.#state.tab === 'patterns') replaceChildren(this.results, errorState(error, () => this.#loadPatterns()));
    }
  }

  /** @param {string} name */
  #toggleColumn(name) {
    const columns = this.#state.columns.length > 0 ? this.#state.columns : [...defaultColumns];
    const at = columns.indexOf(name);
    const last = columns.indexOf('message') === columns.length - 1 ? columns.length - 1 : columns.length;
    const widths = columns.map((_, index) => this.#state.widths[index] ?? null);
    this.#go({
      columns: at < 0 ? columns.toSpliced(last, 0, name) : columns.toSpliced(at, 1),
      widths: at < 0 ? widths.toSpliced(last, 0, null) : widths.toSpliced(at, 1),
    }, true);
  }

  #toggleSidebar() {
    const isShown = this.sidebar.hidden !== false;
    this.#showSidebar(isShown);
    settings.set('sidebar', isShown ? 'shown' : 'hidden');
  }

  /** @param {boolean} isShown */
  #showSidebar(isShown) {
    this.sidebar.hidden = !isShown;
    this.bar.showSidebar(isShown);
  }

  /** Copies the address, with a range that means the same tomorrow. */
  #share() {
    const range = absolute(this.#state, this.#present);
    const address = link(['explore'], parametersOf({ ...this.#state, ...range, tail: false }));
    void copyText(new URL(address, location.href).href, 'the link');
  }

  #save() {
    const state = this.#state;
    void withPart(() => import('./save-view.js'), ({ openSaveView }) => openSaveView(state));
  }
}
