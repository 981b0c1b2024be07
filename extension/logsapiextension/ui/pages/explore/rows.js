/**
 * The table of records: it reads them by itself, page by page or as they come, and keeps only
 * those in the document that can be seen.
 *
 * @typedef {import('../../api/types.js').LogRow} LogRow
 * @typedef {import('./records-reader.js').RecordsQuestion} RecordsQuestion
 * @typedef {import('./tail.js').TailState} TailState
 */

import { isAborted } from '../../api/client.js';
import { h, replaceChildren } from '../../dom.js';
import { icon } from '../../elements/icons.js';
import { shortcuts } from '../../elements/shortcuts.js';
import { describeTimesIn } from '../../elements/time-hint.js';
import { formatCount } from '../../format/number.js';
import { scan } from '../../query/scanner.js';
import { settings } from '../../state/settings.js';
import { columnsOf } from './columns.js';
import { RecordPlace } from './record-place.js';
import { RecordsReader } from './records-reader.js';
import { rowMaker } from './row.js';
import { ColumnLayout } from './rows-columns.js';
import { RowsFoot } from './rows-foot.js';
import { VirtualRows } from './virtual-rows.js';

/** Heights of a row that is not measured, in pixels: on one line, and on two where it is narrow. */
const rowHeight = 28;
const narrowRowHeight = 50;
const narrowWidth = 640;

/** How many rows before the last one more are read. */
const readAhead = 400;

/**
 * What the table shows.
 * @typedef {object} ShownColumns
 * @property {string[]} columns none stands for the default ones
 * @property {(number | null)[]} widths
 * @property {string | null} record the id of the record that is open
 *
 * @typedef {RecordsQuestion & ShownColumns} RowsState
 */

/**
 * Dispatches, bubbling: `docket-count` {loaded, more}, `docket-tail-state` {state}, `docket-tail` {on},
 * `docket-select` {id}, `docket-columns` {columns, widths}, `docket-sort` {sort}, and what its
 * records' fields do.
 */
export class LogRowsElement extends HTMLElement {
  /** @type {RowsState | null} */
  #state = null;
  /** What the rows are an answer to, so that a change of columns alone asks nothing. */
  #asked = '';
  #reader = new RecordsReader({
    grown: () => this.#grown(),
    prepended: (added) => this.#prepended(added),
    said: (state) => this.#foot.show(state),
    tailChanged: (state) => this.#tailChanged(state),
  });
  /** The open records by their ids. @type {Map<string, RecordPlace>} */
  #open = new Map();
  /** The id of the row that has, or had last, the focus. */
  #active = '';
  #activeIndex = -1;
  #isNarrow = false;
  #makeRow = rowMaker({ columns: [], clock: 'local', isNarrow: false, words: [] });
  /** @type {(() => void)[]} */
  #endings = [];

  #head = h('div', { role: 'rowgroup', class: 'rows-head-group' });
  #body = h('div', { role: 'rowgroup', class: 'rows-body' });
  #grid = h('div', { role: 'treegrid', class: 'rows-grid', 'aria-label': 'Records', 'aria-rowcount': -1 }, this.#head, this.#body);
  #foot = new RowsFoot({ more: () => this.#reader.next(), again: () => this.refresh() });
  #scroller = h('div', { class: 'rows-scroller' }, this.#grid, this.#foot.element);
  #newer = h('button', { type: 'button', class: 'button primary small rows-newer', hidden: true, onclick: () => this.#toNewest() });
  #rows = new VirtualRows({
    scroller: this.#scroller, body: this.#body,
    render: (index) => this.#renderRow(index),
    onrange: (first, last) => this.#seen(first, last),
  });
  #columns = new ColumnLayout(this.#grid, (detail) => this.#tell('docket-columns', detail));
  #size = new ResizeObserver(() => this.#fit());

  connectedCallback() {
    if (!this.hasChildNodes()) {
      replaceChildren(this, this.#newer, this.#scroller);
      describeTimesIn(this.#scroller);
      this.#listen();
    }
    this.#size.observe(this.#scroller);
    this.#endings = [
      settings.subscribe('clock', () => this.#redraw()),
      settings.subscribe('wrap', () => this.#redraw(true)),
      ...this.#keys(),
    ];
  }

  disconnectedCallback() {
    this.#reader.stop();
    this.#rows.stop();
    this.#size.disconnect();
    for (const end of this.#endings) end();
  }

  /**
   * Shows what a search finds. The same question is not asked again: see refresh.
   * @param {RowsState} state
   */
  show(state) {
    const asked = JSON.stringify([state.q, state.from, state.to, state.sort, state.tail]);
    const before = this.#state;
    this.#state = state;
    if (asked !== this.#asked) {
      this.#asked = asked;
      this.refresh();
      return;
    }
    if (before?.columns.join() !== state.columns.join() || before.widths.join() !== state.widths.join()) this.#redraw();
    if (state.record && state.record !== before?.record && !this.#open.has(state.record)) this.#find(state.record);
  }

  /** Asks anew. */
  refresh() {
    const state = this.#state;
    if (!state) return;
    this.#open.clear();
    this.#active = '';
    this.#activeIndex = -1;
    this.#newer.hidden = true;
    this.#reader.begin(state);
    this.#drawHead();
    this.#rows.reset(0, this.#usualHeight());
    this.#count();
    if (!state.tail) this.#begin(state.record);
  }

  /** The records that are there, in the order in which they are shown. @returns {readonly LogRow[]} */
  get records() {
    return this.#reader.records;
  }

  /** @param {string | null} record the id of the one to open */
  async #begin(record) {
    await this.#reader.next();
    if (record) await this.#find(record);
  }

  #grown() {
    this.#rows.grow(this.records.length);
    this.#count();
  }

  /** @param {number} added */
  #prepended(added) {
    if (this.#activeIndex >= 0) this.#activeIndex += added;
    this.#rows.prepend(added, this.records.length);
    for (const row of this.#body.querySelectorAll('.rows-row')) {
      const index = this.#rows.indexOf(row.parentElement);
      row.setAttribute('aria-rowindex', String(index + 2));
    }
    this.#count();
  }

  /** @param {TailState} state */
  #tailChanged(state) {
    const { waiting, isPaused } = state;
    this.#newer.hidden = !isPaused || waiting === 0;
    replaceChildren(this.#newer, icon('chevron-up'), `${formatCount(waiting)} new`);
    this.#tell('docket-tail-state', state);
  }

  /** Shows what has come since one began to read. */
  #toNewest() {
    this.#scroller.scrollTop = 0;
    this.#reader.pause(false);
    this.#rows.update();
    this.#activate(0, true);
  }

  /**
   * Opens the record that the address names.
   * @param {string} id
   */
  async #find(id) {
    try {
      const index = await this.#reader.find(id);
      if (this.records[index]?.uuid !== id) return this.#foot.elsewhere(id);
      if (!this.#open.has(id)) this.#toggle(index, { isQuiet: true });
      this.#activate(index, false);
    } catch (error) {
      if (!isAborted(error)) this.#foot.elsewhere(id);
    }
  }

  /** @param {number} first @param {number} last the rows that can be seen */
  #seen(first, last) {
    if (this.#state?.tail) this.#reader.pause(first > 0 || this.#scroller.scrollTop > 0);
    if (last + readAhead > this.records.length && this.#foot.kind === 'more') this.#reader.next();
  }

  #count() {
    this.#tell('docket-count', { loaded: this.records.length, more: this.#reader.hasMore });
  }

  // What rows look like.

  /** @param {number} index */
  #renderRow(index) {
    const record = this.records[index];
    const isOpen = this.#open.has(record.uuid);
    const row = this.#makeRow(record, index);
    if (this.#isTabStop(index, record)) row.setAttribute('tabindex', '0');
    if (isOpen) row.setAttribute('aria-expanded', 'true');
    return h('div', { class: 'rows-item', role: 'none' }, row, isOpen && this.#detailRow(record));
  }

  /** @param {LogRow} record */
  #detailRow(record) {
    return h('div', { role: 'row', class: 'rows-detail', 'aria-level': 2 }, h('div', { role: 'gridcell', 'aria-colspan': this.#shownColumns().length + 1 }, this.#open.get(record.uuid)?.element));
  }

  /** @param {number} index @param {LogRow} record */
  #isTabStop(index, record) {
    return this.#active === '' ? index === 0 : record.uuid === this.#active;
  }

  #shownColumns() {
    return columnsOf(this.#state?.columns ?? [], this.#state?.widths ?? []);
  }

  /** Draws all rows anew. @param {boolean} [isResized] whether they have other heights */
  #redraw(isResized = false) {
    this.#drawHead();
    for (const [id, place] of this.#open) {
      const record = this.records.find(({ uuid }) => uuid === id);
      if (record) place.show({ record, columns: this.#shownColumns().map(({ name }) => name) });
    }
    if (isResized) this.#rows.remeasure(this.#usualHeight());
    this.#rows.renew();
  }

  #drawHead() {
    this.classList.toggle('is-wrapped', settings.get('wrap'));
    this.classList.toggle('is-narrow', this.#isNarrow);
    const { q = '', sort = 'latest', tail = false } = this.#state ?? {};
    const columns = this.#shownColumns();
    this.#makeRow = rowMaker({ columns, clock: settings.get('clock'), isNarrow: this.#isNarrow, words: searchedWords(q) });
    replaceChildren(this.#head, this.#columns.draw({
      columns, widths: this.#state?.widths ?? [], sort, canSort: !tail,
      onsort: (wanted) => this.#tell('docket-sort', { sort: wanted }),
    }));
  }

  #usualHeight() {
    return this.#isNarrow ? narrowRowHeight : rowHeight;
  }

  #fit() {
    const isNarrow = this.#scroller.clientWidth < narrowWidth;
    this.#scroller.style.setProperty('--rows-width', `${this.#scroller.clientWidth}px`);
    if (isNarrow === this.#isNarrow) return this.#rows.schedule();
    this.#isNarrow = isNarrow;
    this.#redraw(true);
  }

  // What one does with rows.

  #listen() {
    this.#body.addEventListener('click', (event) => {
      const index = this.#indexOf(event.target);
      const isText = getSelection()?.isCollapsed === false;
      if (index >= 0 && !isText) {
        this.#toggle(index);
        this.#activate(index, true);
      }
    });
    this.#body.addEventListener('keydown', (event) => this.#press(event));
    this.#body.addEventListener('docket-column-toggle', (event) => {
      event.stopPropagation();
      this.#columns.toggle(/** @type {CustomEvent} */ (event).detail.name);
    });
  }

  /**
   * The index of the row that an event is about; -1 if it is about what is open below one.
   * @param {EventTarget | null} target
   */
  #indexOf(target) {
    const row = target instanceof Element ? target.closest('.rows-row, .rows-detail') : null;
    if (!(row instanceof HTMLElement) || !row.classList.contains('rows-row')) return -1;
    return Number(row.getAttribute('aria-rowindex')) - 2;
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const index = this.#indexOf(event.target);
    if (index < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const isOpen = this.#open.has(this.records[index].uuid);
    const page = this.#rows.pageSize;
    /** @type {Record<string, () => void>} */
    const actions = {
      ArrowDown: () => this.#activate(index + 1, true),
      ArrowUp: () => this.#activate(index - 1, true),
      PageDown: () => this.#activate(index + page, true),
      PageUp: () => this.#activate(index - page, true),
      Home: () => this.#activate(0, true),
      End: () => this.#activate(this.#rows.count - 1, true),
      Enter: () => this.#toggle(index),
      ' ': () => this.#toggle(index),
      ...(isOpen ? { ArrowLeft: () => this.#toggle(index) } : { ArrowRight: () => this.#toggle(index) }),
    };
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  #keys() {
    const group = 'Records';
    return [
      shortcuts.add('j', 'Next record', () => this.#activate(this.#activeIndex + 1, true), { group }),
      shortcuts.add('k', 'Previous record', () => this.#activate(this.#activeIndex - 1, true), { group }),
      shortcuts.add('Enter', 'Open or close the record', () => this.#activeIndex >= 0 && this.contains(document.activeElement) && this.#toggle(this.#activeIndex), { group }),
      shortcuts.add('Escape', 'Close the record', () => this.#closeOne(), { group }),
    ];
  }

  /**
   * Makes a row the one that keys are about.
   * @param {number} wanted its index
   * @param {boolean} hasFocus whether it gets the focus
   */
  #activate(wanted, hasFocus) {
    if (this.#rows.count === 0) return;
    const index = Math.max(0, Math.min(wanted, this.#rows.count - 1));
    const before = this.#body.querySelector('.rows-row[tabindex="0"]');
    before?.setAttribute('tabindex', '-1');
    this.#active = this.records[index].uuid;
    this.#activeIndex = index;
    this.#rows.keep(index);
    this.#rows.reveal(index);
    const row = this.#rows.element(index)?.querySelector('.rows-row');
    if (!(row instanceof HTMLElement)) return;
    row.setAttribute('tabindex', '0');
    if (hasFocus) row.focus({ preventScroll: true });
  }

  /**
   * Opens or closes a record.
   * @param {number} index
   * @param {{isQuiet?: boolean}} [options] isQuiet: the address has it already
   */
  #toggle(index, { isQuiet = false } = {}) {
    const record = this.records[index];
    const item = this.#rows.element(index);
    const isOpened = !this.#open.delete(record.uuid);
    if (isOpened) this.#open.set(record.uuid, new RecordPlace({ record, columns: this.#shownColumns().map(({ name }) => name) }));
    item?.querySelector('.rows-row')?.setAttribute('aria-expanded', String(isOpened));
    item?.querySelector('.rows-detail')?.remove();
    if (isOpened) item?.append(this.#detailRow(record));
    if (!isQuiet) this.#tell('docket-select', { id: isOpened ? record.uuid : null });
  }

  /** Closes the record that has the focus, or the one that was opened last; false if none is open. */
  #closeOne() {
    const id = this.#open.has(this.#active) ? this.#active : [...this.#open.keys()].at(-1);
    const index = this.records.findIndex(({ uuid }) => uuid === id);
    if (index < 0) return false;
    this.#toggle(index);
    this.#activate(index, true);
    return true;
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
  }
}

customElements.define('docket-log-rows', LogRowsElement);

/**
 * What a search text looks for in messages, to be marked there.
 * @param {string} q
 * @returns {string[]}
 */
function searchedWords(q) {
  const words = scan(q).filter((token, index, tokens) => token.kind === 'word' && tokens[index - 1]?.kind !== 'not' && !token.hasStar);
  return words.map(({ text }) => text).filter((text) => text !== '');
}
