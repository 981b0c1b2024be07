/**
 * The bar above the results, and the buttons that are about the whole search.
 *
 * @typedef {import('./explore-state.js').ExploreState} ExploreState
 * @typedef {import('./tail.js').TailState} TailState
 *
 * @typedef {object} BarListener
 * @property {(tab: 'logs' | 'patterns') => void} select
 * @property {(isOn: boolean) => void} tail
 * @property {(columns: string[], widths: (number | null)[]) => void} columns
 * @property {() => import('./rows.js').LogRowsElement} rows
 * @property {() => void} sidebar
 */

import { h, replaceChildren } from '../../dom.js';
import { icon } from '../../elements/icons.js';
import { withPart } from '../../elements/later.js';
import { counted, formatCount, formatRate } from '../../format/number.js';
import { dateRangeOf } from '../../state/range.js';
import { link } from '../../state/route.js';
import { session } from '../../state/session.js';
import { settings } from '../../state/settings.js';

export class ExploreBar {
  /** @type {ExploreState | null} */
  #state = null;
  #listener;

  /** @param {BarListener} listener */
  constructor(listener) {
    this.#listener = listener;
    this.saveButton = h('button', { type: 'button', class: 'button', hidden: !session.mayWrite, title: 'Save this search as a view' }, icon('bookmark'), h('span', null, 'Save'));
    this.alertLink = h('a', { class: 'button', href: '#/alerts/new', hidden: !session.mayWrite, title: 'Make an alert of this search' }, icon('bell'), h('span', null, 'Alert'));
    this.shareButton = h('button', { type: 'button', class: 'button', title: 'Copy a link to this search, with the times as they are now' }, icon('link'), h('span', null, 'Share'));
    this.sidebarButton = h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Fields', onclick: () => listener.sidebar() }, icon('list'));
    this.tabs = /** @type {const} */ (['logs', 'patterns']).map((tab) => h('button', {
      type: 'button', class: 'explore-tab', role: 'tab', id: `explore-tab-${tab}`, 'aria-controls': 'explore-results', dataset: { tab },
      onclick: () => listener.select(tab),
    }, tab === 'logs' ? 'Logs' : 'Patterns'));
    this.status = h('span', { class: 'explore-status', role: 'status' });
    this.tailButton = h('button', { type: 'button', class: 'button small', title: 'Show records as they come', onclick: () => listener.tail(!this.#state?.tail) }, icon('play', { size: 14 }), h('span', null, 'Live'));
    this.wrapButton = h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Wrap long messages', title: 'Wrap long messages', onclick: () => settings.set('wrap', !settings.get('wrap')) }, icon('wrap'));
    this.columnsButton = h('button', { type: 'button', class: 'button small quiet', onclick: () => this.#chooseColumns() }, icon('columns', { size: 14 }), h('span', null, 'Columns'));
    this.exportButton = h('button', { type: 'button', class: 'button small quiet', onclick: () => this.#export() }, icon('download', { size: 14 }), h('span', null, 'Export'));
    this.element = h('div', { class: 'explore-bar' },
      this.sidebarButton,
      h('div', { class: 'explore-tabs', role: 'tablist', 'aria-label': 'Results', onkeydown: (/** @type {KeyboardEvent} */ event) => this.#pressed(event) }, this.tabs),
      this.status,
      h('div', { class: 'explore-tools' }, this.tailButton, this.wrapButton, this.columnsButton, this.exportButton));
  }

  /** @param {ExploreState} state */
  show(state) {
    if (state.tail !== this.#state?.tail || state.tab !== this.#state.tab) replaceChildren(this.status);
    this.#state = state;
    for (const tab of this.tabs) {
      const isSelected = tab.dataset.tab === state.tab;
      tab.setAttribute('aria-selected', String(isSelected));
      tab.tabIndex = isSelected ? 0 : -1;
    }
    const isLogs = state.tab === 'logs';
    for (const button of [this.tailButton, this.wrapButton, this.columnsButton]) button.hidden = !isLogs;
    this.tailButton.setAttribute('aria-pressed', String(state.tail));
    replaceChildren(this.tailButton, icon(state.tail ? 'pause' : 'play', { size: 14 }), h('span', null, 'Live'));
    this.wrapButton.setAttribute('aria-pressed', String(settings.get('wrap')));
    this.alertLink.setAttribute('href', link(['alerts', 'new'], { q: state.q }));
  }

  /** @param {boolean} isShown */
  showSidebar(isShown) {
    const label = isShown ? 'Hide the fields' : 'Show the fields';
    this.sidebarButton.setAttribute('aria-expanded', String(isShown));
    this.sidebarButton.setAttribute('aria-label', label);
    this.sidebarButton.title = label;
  }

  /** @param {{loaded: number, more: boolean}} count */
  showCount({ loaded, more }) {
    if (this.#state?.tail || this.#state?.tab !== 'logs') return;
    this.status.textContent = loaded === 0 ? '' : more ? `the first ${formatCount(loaded)}` : `all ${formatCount(loaded)}`;
  }

  /** @param {TailState} tail */
  showTail({ connection, problem, isPaused, waiting, perSecond, dropped }) {
    if (!this.#state?.tail) return;
    const words = { connecting: 'connecting…', live: isPaused ? 'paused' : 'live', lost: 'connection lost, trying again', failed: 'ended' };
    const texts = [words[connection], connection === 'live' && formatRate(perSecond), isPaused && waiting > 0 && `${formatCount(waiting)} waiting`,
      dropped > 0 && `${counted(dropped, 'record')} not shown: they came too fast`, connection !== 'live' && problem];
    const text = texts.filter(Boolean).join(' · ');
    if (this.status.textContent !== text) replaceChildren(this.status, h('span', { class: 'explore-live', dataset: { connection: isPaused ? 'paused' : connection } }), text);
  }

  #chooseColumns() {
    const state = this.#state;
    if (state === null) return;
    void withPart(() => import('./columns-chooser.js'), ({ openColumnChooser }) => openColumnChooser({
      columns: state.columns, widths: state.widths, filter: this.#filter(state),
      onchange: ({ columns, widths }) => this.#listener.columns(columns, widths),
    }));
  }

  #export() {
    const state = this.#state;
    if (state === null) return;
    const query = { ...this.#filter(state), orderBy: state.sort };
    void withPart(() => import('./export.js'), ({ openExport }) => openExport({ query, columns: state.columns, records: this.#listener.rows().records }));
  }

  /** @param {ExploreState} state */
  #filter({ q, from, to }) {
    return { q, dateRange: dateRangeOf({ from, to }, { now: Date.now(), clock: settings.get('clock') }) };
  }

  /** Arrow keys move between tabs. @param {KeyboardEvent} event */
  #pressed(event) {
    const at = this.tabs.findIndex((tab) => tab === document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (at < 0 || step === undefined) return;
    event.preventDefault();
    const tab = this.tabs[(at + step + this.tabs.length) % this.tabs.length];
    tab.focus();
    tab.click();
  }
}
