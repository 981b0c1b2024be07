/**
 * `<docket-histogram>`: how many records by time and level. Dragging chooses a part, which it
 * tells by `docket-range` {from, to}; a level in its legend by `docket-filter`. After it has
 * asked it tells `docket-total` {count}, or `docket-problem` {error}.
 *
 * @typedef {import('../api/types.js').LogFilter} LogFilter
 * @typedef {import('../state/range.js').Range} Range
 * @typedef {import('./histogram-buckets.js').Histogram} Histogram
 */

import { isAborted } from '../api/client.js';
import { countLogs, sparkline } from '../api/logs.js';
import { h, replaceChildren } from '../dom.js';
import { levels } from '../format/level.js';
import { counted, formatCount, formatShortCount } from '../format/number.js';
import { dateRangeOf, describeSpan, rangeOf, spanOf, widened } from '../state/range.js';
import { settings } from '../state/settings.js';
import { detailOf } from './empty-state.js';
import { describeWidth, histogramOf } from './histogram-buckets.js';
import { HistogramPlot } from './histogram-plot.js';
import { icon } from './icons.js';

/** How far a pointer moves before it drags, in pixels. */
const dragDistance = 4;

export class HistogramElement extends HTMLElement {
  static tag = 'docket-histogram';

  /** @type {(Range & {q: string}) | null} */
  #state = null;
  /** @type {Histogram | null} */
  #histogram = null;
  #controller = new AbortController();
  /** Ranges from which somebody has zoomed in, and to what. @type {{from: Range, to: Range}[]} */
  #zooms = [];
  #cursor = -1;
  #anchor = -1;
  /** @type {(() => void)[]} */
  #cleanups = [];
  #plot = new HistogramPlot();

  constructor() {
    super();
    this.toggle = h('button', { type: 'button', class: 'icon-button', 'aria-controls': 'histogram-body', onclick: () => settings.set('histogram', this.#isHidden ? 'shown' : 'hidden') });
    this.total = h('h2', { class: 'histogram-total', 'aria-live': 'polite' }, '\u00a0');
    this.legend = h('div', { class: 'histogram-legend', role: 'group', 'aria-label': 'Levels' });
    this.width = h('span', { class: 'histogram-width' });
    this.tip = h('div', { class: 'histogram-tip', hidden: true });
    this.message = h('div', { class: 'histogram-message', hidden: true });
    const plot = this.#plot.element;
    for (const [name, value] of Object.entries({
      tabindex: '0', role: 'slider', 'aria-valuemin': '0', 'aria-valuemax': '0', 'aria-valuenow': '0',
      'aria-label': 'Records by time. Arrow keys choose a bar, with Shift several, Enter zooms in, Backspace zooms out.',
    })) plot.setAttribute(name, value);
    plot.addEventListener('keydown', (event) => this.#pressed(event));
    plot.addEventListener('pointerdown', (event) => this.#drag(event));
    plot.addEventListener('pointermove', (event) => this.#hover(event));
    plot.addEventListener('pointerleave', () => this.#look(-1));
    plot.addEventListener('blur', () => this.#clearSelection());
    plot.addEventListener('dblclick', () => this.#zoomOut());
    this.body = h('div', { class: 'histogram-body', id: 'histogram-body' }, plot, this.message, this.tip);
  }

  connectedCallback() {
    if (this.childElementCount === 0) this.append(h('div', { class: 'histogram-head' }, this.toggle, this.total, this.legend, this.width), this.body);
    const observer = new ResizeObserver(() => this.#draw());
    observer.observe(this.body);
    this.#cleanups = [
      () => observer.disconnect(),
      settings.subscribe('histogram', () => this.#shownOrHidden()),
      settings.subscribe('clock', () => this.#draw()),
    ];
    this.#showToggle();
  }

  disconnectedCallback() {
    for (const cleanup of this.#cleanups) cleanup();
    this.#controller.abort();
  }

  /** @param {Range & {q: string}} state */
  show({ q, from, to }) {
    this.#state = { q, from, to };
    while (this.#zooms.length > 0 && !isSame(/** @type {{to: Range}} */ (this.#zooms.at(-1)).to, this.#state)) this.#zooms.pop();
    void this.#load();
  }

  get #isHidden() {
    return settings.get('histogram') === 'hidden';
  }

  get #present() {
    return { now: Date.now(), clock: settings.get('clock') };
  }

  #shownOrHidden() {
    this.#showToggle();
    if (!this.#isHidden) void this.#load();
  }

  #showToggle() {
    const label = this.#isHidden ? 'Show the histogram' : 'Hide the histogram';
    this.toggle.setAttribute('aria-expanded', String(!this.#isHidden));
    this.toggle.setAttribute('aria-label', label);
    this.toggle.title = label;
    replaceChildren(this.toggle, icon(this.#isHidden ? 'chevron-right' : 'chevron-down'));
    this.body.hidden = this.#isHidden;
    this.width.hidden = this.#isHidden;
  }

  async #load() {
    if (this.#state === null) return;
    const { q, from, to } = this.#state;
    this.#controller.abort();
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    this.classList.add('loading');
    try {
      const present = this.#present;
      const filter = { q, dateRange: dateRangeOf({ from, to }, present) };
      const histogram = this.#isHidden
        ? { buckets: [], width: 0, counts: {}, total: (await countLogs(filter, { signal })).count }
        : histogramOf(await sparkline({ ...filter, sparklineBreakdownBy: 'severity' }, { signal }), from === 'all' ? null : spanOf({ from, to }, present));
      this.#loaded(histogram);
    } catch (error) {
      if (!isAborted(error)) this.#failed(error);
    }
  }

  /** @param {Histogram} histogram */
  #loaded(histogram) {
    this.classList.remove('loading');
    this.#histogram = histogram;
    this.#cursor = -1;
    this.message.hidden = true;
    this.total.textContent = counted(histogram.total, 'record');
    this.width.textContent = histogram.buckets.length > 1 ? `${describeWidth(histogram.width)} per bar` : '';
    this.#drawLegend();
    this.#draw();
    this.#tell('docket-total', { count: histogram.total });
  }

  /** @param {unknown} error */
  #failed(error) {
    this.classList.remove('loading');
    this.#histogram = null;
    this.total.textContent = 'Not counted';
    this.width.textContent = '';
    replaceChildren(this.legend);
    replaceChildren(this.message, h('span', null, detailOf(error)), h('button', { type: 'button', class: 'button small', onclick: () => this.#load() }, 'Try again'));
    this.message.hidden = false;
    this.#draw();
    this.#tell('docket-problem', { error });
  }

  #drawLegend() {
    const counts = this.#histogram?.counts ?? {};
    const present = [...levels].reverse().filter((level) => counts[level] !== undefined);
    replaceChildren(this.legend, present.map((level) => h('button', {
      type: 'button', class: 'histogram-key', title: `Only ${level}`,
      onclick: () => this.#tell('docket-filter', { field: 'level', value: level, exclude: false }),
    }, swatch(level), h('span', { class: 'histogram-key-name' }, level), h('span', { class: 'histogram-key-count' }, formatShortCount(counts[level] ?? 0)))));
  }

  #draw() {
    const width = this.body.clientWidth;
    if (width === 0) return;
    this.#plot.draw(this.#histogram, width, settings.get('clock'));
    this.#plot.element.setAttribute('aria-valuemax', String(Math.max(0, (this.#histogram?.buckets.length ?? 1) - 1)));
    this.#describe();
  }

  /** Looks at a bucket: marks it, and says what is in it. @param {number} index -1 for none */
  #look(index) {
    const bucket = this.#histogram?.buckets[index];
    this.#plot.mark(bucket === undefined ? null : index);
    this.tip.hidden = bucket === undefined;
    if (bucket === undefined) return;
    replaceChildren(this.tip,
      h('div', { class: 'histogram-tip-time' }, describeSpan(bucket, this.#present)),
      [...levels].reverse().filter((level) => bucket.counts[level] !== undefined).map((level) =>
        h('div', { class: 'histogram-tip-row' }, swatch(level), h('span', null, level), h('span', { class: 'number' }, formatCount(bucket.counts[level] ?? 0)))),
      h('div', { class: 'histogram-tip-row histogram-tip-total' }, h('span', null, 'All'), h('span', { class: 'number' }, formatCount(bucket.total))));
    const x = this.#plot.middleOf(index);
    const isRight = x > this.body.clientWidth / 2;
    this.tip.style.left = isRight ? 'auto' : `${x + 14}px`;
    this.tip.style.right = isRight ? `${this.body.clientWidth - x + 14}px` : 'auto';
  }

  /** @param {PointerEvent} event */
  #placeOf(event) {
    return event.clientX - this.#plot.svg.getBoundingClientRect().left;
  }

  /** @param {PointerEvent} event */
  #hover(event) {
    if (event.buttons === 0) this.#look(this.#plot.indexAt(this.#placeOf(event)));
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (event.button !== 0 || this.#histogram === null) return;
    const plot = this.#plot.element;
    const startX = this.#placeOf(event);
    const start = this.#plot.indexAt(startX);
    let isDragging = false;
    /** @type {[number, number]} */
    let chosen = [start, start];
    plot.setPointerCapture(event.pointerId);
    const listeners = new AbortController();
    plot.addEventListener('pointermove', (moved) => {
      const x = this.#placeOf(moved);
      isDragging ||= Math.abs(x - startX) >= dragDistance;
      if (!isDragging) return;
      const index = this.#plot.indexAt(x);
      chosen = [Math.min(start, index), Math.max(start, index)];
      this.tip.hidden = true;
      this.#plot.mark(null);
      this.#plot.select(chosen);
    }, { signal: listeners.signal });
    const end = (/** @type {boolean} */ isDone) => {
      listeners.abort();
      this.#plot.select(null);
      if (isDone && isDragging) this.#zoomIn(chosen);
    };
    plot.addEventListener('pointerup', () => end(true), { signal: listeners.signal });
    plot.addEventListener('pointercancel', () => end(false), { signal: listeners.signal });
    window.addEventListener('keydown', (pressed) => pressed.key === 'Escape' && end(false), { signal: listeners.signal });
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const last = (this.#histogram?.buckets.length ?? 0) - 1;
    const at = this.#cursor < 0 ? last + 1 : this.#cursor;
    /** @type {Record<string, number>} */
    const moves = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: this.#cursor + 1, ArrowUp: this.#cursor + 1, PageUp: at + 10, PageDown: at - 10, Home: 0, End: last };
    if (last >= 0 && event.key in moves) this.#moveTo(Math.min(last, Math.max(0, moves[event.key])), event.shiftKey);
    else if (event.key === 'Enter' && this.#cursor >= 0) this.#zoomIn(this.#chosen());
    else if (event.key === 'Backspace' || event.key === '-') this.#zoomOut();
    else if (event.key === 'Escape' && this.#cursor >= 0) this.#clearSelection();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} index @param {boolean} isExtending */
  #moveTo(index, isExtending) {
    if (!isExtending) this.#anchor = index;
    else if (this.#anchor < 0) this.#anchor = this.#cursor < 0 ? index : this.#cursor;
    this.#cursor = index;
    this.#plot.select(isExtending ? this.#chosen() : null);
    this.#look(index);
    this.#describe();
  }

  /** @returns {[number, number]} the first and the last bucket that are chosen */
  #chosen() {
    const anchor = this.#anchor < 0 ? this.#cursor : this.#anchor;
    return [Math.min(anchor, this.#cursor), Math.max(anchor, this.#cursor)];
  }

  #clearSelection() {
    this.#cursor = this.#anchor = -1;
    this.#plot.select(null);
    this.#look(-1);
    this.#describe();
  }

  /** Says to those who do not see it what is marked. */
  #describe() {
    const plot = this.#plot.element;
    const bucket = this.#histogram?.buckets[this.#cursor];
    plot.setAttribute('aria-valuenow', String(Math.max(0, this.#cursor)));
    const severe = (bucket?.counts.error ?? 0) + (bucket?.counts.fatal ?? 0);
    plot.setAttribute('aria-valuetext', bucket === undefined
      ? `No bar chosen, ${this.total.textContent}`
      : `${describeSpan(bucket, this.#present)}: ${counted(bucket.total, 'record')}, ${counted(severe, 'error')}`);
  }

  /** @param {[number, number]} chosen */
  #zoomIn([first, last]) {
    const buckets = this.#histogram?.buckets;
    if (buckets === undefined || this.#state === null) return;
    const range = rangeOf({ start: buckets[first].start, end: buckets[last].end });
    const { from, to } = this.#state;
    this.#clearSelection();
    if (isSame(range, this.#state)) return;
    this.#zooms.push({ from: { from, to }, to: range });
    this.#tell('docket-range', range);
  }

  /** To where somebody has zoomed in from, or else to a wider range. */
  #zoomOut() {
    if (this.#state === null) return;
    const zoomed = this.#zooms.pop();
    this.#clearSelection();
    this.#tell('docket-range', zoomed?.from ?? widened(this.#state, this.#present));
  }

  /** @param {string} name @param {object} detail */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }
}

/** @param {Range} one @param {Range} other */
function isSame(one, other) {
  return one.from === other.from && one.to === other.to;
}

/** @param {string} level */
function swatch(level) {
  return h('span', { class: 'histogram-swatch', 'data-level': level, 'aria-hidden': 'true' });
}

customElements.define(HistogramElement.tag, HistogramElement);
