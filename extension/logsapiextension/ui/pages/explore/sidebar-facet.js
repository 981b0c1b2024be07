/**
 * A field in the sidebar that is open: its values with counts, to include and exclude.
 *
 * @typedef {import('../../state/range.js').Range} Range
 * @typedef {import('../../api/types.js').DateRange} DateRange
 * @typedef {import('./sidebar-values.js').SidebarField} SidebarField
 *
 * @typedef {object} SidebarState
 * @property {string} q
 * @property {DateRange} dateRange
 * @property {number | null} total how many records there are; null while that is not known
 */

import { isAborted } from '../../api/client.js';
import { countLogs } from '../../api/logs.js';
import { h, replaceChildren } from '../../dom.js';
import { detailOf } from '../../elements/empty-state.js';
import { icon } from '../../elements/icons.js';
import { formatCount, formatPercent, formatShortCount } from '../../format/number.js';
import { levelOf } from '../../format/level.js';
import { chosenValues, isExpressible, withoutField } from '../../query/compose.js';
import { readValues } from './sidebar-values.js';

/** How many values are shown until more are asked for. */
const few = 7;

/** How long nobody types before values are looked for, in milliseconds. */
const pause = 200;

export class Facet {
  /** @type {SidebarState | null} */
  #state = null;
  /** @type {import('./sidebar-values.js').Values | null} */
  #found = null;
  /** How many records there are whatever the field's value is; null while that is not known. @type {number | null} */
  #base = null;
  #controller = new AbortController();
  #isLong = false;
  #timer = 0;

  /** @param {SidebarField} field */
  constructor(field) {
    this.field = field;
    this.search = h('input', { class: 'input facet-search', type: 'search', 'aria-label': `Values of ${field.label} that contain`, placeholder: 'Find a value', hidden: true, oninput: () => this.#searchSoon() });
    this.list = h('ul', { class: 'facet-values', 'aria-label': `Values of ${field.label}` });
    this.foot = h('div', { class: 'facet-foot' });
    this.element = h('div', { class: 'facet' }, this.search, this.list, this.foot);
  }

  /** @param {SidebarState} state */
  show(state) {
    this.#state = state;
    void this.#load();
  }

  /**
   * Counts anew what is shown, which stays until then, and if it cannot be counted.
   * @param {SidebarState} state
   */
  async refresh(state) {
    this.#state = state;
    await this.#load({ isQuiet: this.#found !== null });
  }

  /** Takes note of how many records there are. @param {number} total */
  setTotal(total) {
    if (this.#state === null || withoutField(this.#state.q, this.field.name) !== this.#state.q) return;
    this.#base = total;
    this.#draw();
  }

  /** Ends what it asks. */
  stop() {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }

  #searchSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#load(), pause);
  }

  async #load({ isQuiet = false } = {}) {
    if (this.#state === null) return;
    this.stop();
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    const { q, dateRange, total } = this.#state;
    const others = withoutField(q, this.field.name);
    const filter = { q: others, dateRange };
    this.element.classList.toggle('loading', !isQuiet);
    if (this.#found === null) replaceChildren(this.foot, h('span', { class: 'quiet-text' }, 'Loading…'));
    try {
      const found = await readValues(this.field, filter, this.search.value, signal);
      const sum = found.values.reduce((all, { count }) => all + count, 0);
      const isOfAll = found.isComplete && this.field.place === 'own' && this.field.name !== 'event';
      this.#base = isOfAll ? sum : others === q ? total : (await countLogs(filter, { signal })).count;
      this.#found = found;
      this.element.classList.remove('loading');
      this.#draw();
    } catch (error) {
      if (isAborted(error) || isQuiet) return;
      this.element.classList.remove('loading');
      this.#found = null;
      replaceChildren(this.list);
      replaceChildren(this.foot, h('span', { class: 'quiet-text' }, detailOf(error)), h('button', { type: 'button', class: 'button quiet small', onclick: () => this.#load() }, 'Try again'));
    }
  }

  #draw() {
    if (this.#found === null || this.#state === null) return;
    const { included, excluded } = chosenValues(this.#state.q, this.field.name);
    const values = [...this.#found.values];
    const known = new Set(values.map(({ value }) => value));
    // What is chosen can be taken back, whether or not a record has it.
    const missing = [...included, ...excluded].filter((value) => value !== null && !known.has(value) && this.search.value === '');
    const rows = [...values.slice(0, this.#isLong ? values.length : few), ...missing.map((value) => ({ value: /** @type {string} */ (value), count: 0 }))];
    const most = Math.max(1, ...values.map(({ count }) => count));
    const focused = this.list.contains(document.activeElement) ? document.activeElement?.getAttribute('data-key') : null;
    replaceChildren(this.list, rows.map(({ value, count }) => this.#row(value, count, most, included.has(value), excluded.has(value))));
    for (const control of focused === null ? [] : this.list.querySelectorAll('[data-key]')) {
      if (control instanceof HTMLElement && control.dataset.key === focused) control.focus();
    }
    this.search.hidden = !this.#isLong && this.search.value === '';
    this.#drawFoot(values.length);
  }

  /** @param {number} count */
  #drawFoot(count) {
    const label = this.#isLong ? 'Fewer' : `${count - few} more`;
    replaceChildren(this.foot,
      count === 0 && h('span', { class: 'quiet-text' }, this.search.value === '' ? 'None of these records has it.' : 'No value contains that.'),
      count > few && h('button', {
        type: 'button', class: 'button quiet small', 'aria-expanded': String(this.#isLong),
        onclick: () => {
          this.#isLong = !this.#isLong;
          this.#draw();
        },
      }, label, icon(this.#isLong ? 'chevron-up' : 'chevron-down', { size: 14 })),
      this.#isLong && !this.#found?.isComplete && this.search.value === '' && h('span', { class: 'quiet-text' }, 'The most frequent ones.'));
  }

  /**
   * @param {string} value
   * @param {number} count
   * @param {number} most
   * @param {boolean} isIncluded
   * @param {boolean} isExcluded
   */
  #row(value, count, most, isIncluded, isExcluded) {
    const { field } = this;
    const text = value === '' ? (field.name === 'service' ? '(no service)' : '(empty)') : value;
    const percent = this.#base ? formatPercent((100 * count) / this.#base) : '';
    const bar = h('span', { class: 'facet-bar', 'aria-hidden': 'true', 'data-level': field.name === 'level' ? levelOf(value) : null });
    bar.style.width = `${(100 * count) / most}%`;
    const canFilter = isExpressible({ field: field.name, value });
    const checkbox = h('input', {
      type: 'checkbox', checked: isIncluded, disabled: !canFilter, 'data-key': `+${value}`,
      onchange: () => this.#tell({ value, exclude: false, also: true, remove: isIncluded }),
    });
    const short = text.length > 300 ? `${text.slice(0, 300)}…` : text;
    return h('li', { class: `facet-value${isExcluded ? ' excluded' : ''}` },
      bar,
      h('label', { class: 'facet-label', title: short },
        checkbox,
        h('span', { class: `facet-name${value === '' ? ' quiet-text' : ''}` }, short),
        h('span', { class: 'facet-count', title: `${formatCount(count)} records` }, formatShortCount(count)),
        h('span', { class: 'facet-percent' }, percent)),
      h('button', {
        type: 'button', class: 'icon-button facet-exclude', 'aria-pressed': String(isExcluded), disabled: !canFilter, 'data-key': `-${value}`,
        'aria-label': `Exclude ${short}`, title: isExcluded ? 'Do not exclude' : 'Exclude',
        onclick: () => this.#tell({ value, exclude: true, also: false, remove: isExcluded }),
      }, icon('minus', { size: 14 })));
  }

  /** @param {{value: string, exclude: boolean, also: boolean, remove: boolean}} detail */
  #tell(detail) {
    this.element.dispatchEvent(new CustomEvent('docket-filter', { bubbles: true, detail: { field: this.field.name, ...detail } }));
  }
}
