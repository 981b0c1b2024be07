/**
 * Draws a histogram: bars by time, stacked by level, the most severe at the bottom where
 * bars can be compared.
 *
 * @typedef {import('./histogram-buckets.js').Bucket} Bucket
 * @typedef {import('./histogram-buckets.js').Histogram} Histogram
 */

import { h, replaceChildren, svg } from '../dom.js';
import { formatShortCount } from '../format/number.js';
import { levels } from '../format/level.js';
import { startOf } from '../state/dates.js';
import { dateText, timeText } from '../state/range.js';
import { niceCeiling, ticksOf } from './histogram-buckets.js';

const height = 84;
const axis = 18;
const top = 4;
/** The room that a time under the axis takes. */
const tickWidth = 104;

/** The most severe first; none last. */
const stacked = [...levels].sort((a, b) => levels.indexOf(b) - levels.indexOf(a));

export class HistogramPlot {
  /** @type {Histogram | null} */
  #histogram = null;
  #width = 600;
  /** @type {import('../format/time.js').Clock} */
  #clock = 'local';

  constructor() {
    this.grid = svg('g', { class: 'histogram-grid' });
    this.cursor = svg('rect', { class: 'histogram-cursor', y: top, height, visibility: 'hidden' });
    this.bars = svg('g', { class: 'histogram-bars' });
    this.selection = svg('rect', { class: 'histogram-selection', y: top, height, visibility: 'hidden' });
    this.ticks = svg('g', { class: 'histogram-ticks' });
    this.svg = svg('svg', { class: 'histogram-svg', height: height + axis + top, 'aria-hidden': 'true' },
      this.grid, this.cursor, this.bars, this.selection, this.ticks);
    this.element = h('div', { class: 'histogram-plot' }, this.svg);
  }

  /**
   * @param {Histogram | null} histogram
   * @param {number} width in pixels
   * @param {import('../format/time.js').Clock} clock
   */
  draw(histogram, width, clock) {
    this.#histogram = histogram;
    this.#width = width;
    this.#clock = clock;
    this.svg.setAttribute('width', String(width));
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height + axis + top}`);
    const ceiling = niceCeiling(Math.max(1, ...(histogram?.buckets ?? []).map(({ total }) => total)));
    this.#drawGrid(histogram === null || histogram.total === 0 ? null : ceiling);
    this.#drawTicks();
    replaceChildren(this.bars, (histogram?.buckets ?? []).map((bucket) => this.#bar(bucket, ceiling)));
    this.mark(null);
  }

  /** The bucket at a place. @param {number} x in pixels from the left @returns {number} its index; -1 if there is none */
  indexAt(x) {
    const buckets = this.#histogram?.buckets ?? [];
    if (buckets.length === 0) return -1;
    const { start, end } = this.#span();
    const time = start + (Math.min(Math.max(x, 0), this.#width) / this.#width) * (end - start);
    const index = buckets.findIndex((bucket) => time < bucket.end);
    return index < 0 ? buckets.length - 1 : index;
  }

  /** Marks the bucket that is looked at. @param {number | null} index */
  mark(index) {
    this.#place(this.cursor, index === null ? null : [index, index]);
  }

  /** Marks the buckets that are chosen. @param {[number, number] | null} range the first and the last */
  select(range) {
    this.#place(this.selection, range);
  }

  /** The middle of a bucket. @param {number} index @returns {number} in pixels */
  middleOf(index) {
    const bucket = this.#histogram?.buckets[index];
    return bucket === undefined ? 0 : (this.#x(bucket.start) + this.#x(bucket.end)) / 2;
  }

  /** @param {SVGRectElement} rect @param {[number, number] | null} range */
  #place(rect, range) {
    const buckets = this.#histogram?.buckets ?? [];
    const [first, last] = range === null ? [] : [buckets[range[0]], buckets[range[1]]];
    if (first === undefined || last === undefined) {
      rect.setAttribute('visibility', 'hidden');
      return;
    }
    rect.setAttribute('visibility', 'visible');
    rect.setAttribute('x', String(this.#x(first.start)));
    rect.setAttribute('width', String(Math.max(1, this.#x(last.end) - this.#x(first.start))));
  }

  #span() {
    const buckets = this.#histogram?.buckets ?? [];
    return { start: buckets[0]?.start ?? 0, end: buckets.at(-1)?.end ?? 1 };
  }

  /** @param {number} time */
  #x(time) {
    const { start, end } = this.#span();
    return ((time - start) / Math.max(1, end - start)) * this.#width;
  }

  /** @param {Bucket} bucket @param {number} ceiling */
  #bar({ start, end, counts }, ceiling) {
    const left = Math.round(this.#x(start));
    const width = Math.max(1, Math.round(this.#x(end)) - left - (this.#width > 300 ? 1 : 0));
    let bottom = top + height;
    return stacked.map((level) => {
      const count = counts[level] ?? 0;
      if (count === 0) return null;
      // What is severe must be seen, however little of it there is.
      const size = Math.max(level === 'error' || level === 'fatal' ? 1 : 0.5, (count / ceiling) * height);
      bottom -= size;
      return svg('rect', { 'data-level': level, x: left, y: Math.max(top, bottom).toFixed(1), width, height: size.toFixed(1) });
    });
  }

  /** @param {number | null} ceiling */
  #drawGrid(ceiling) {
    const lines = ceiling === null ? [0] : [0, 0.5, 1];
    replaceChildren(this.grid, lines.map((share) => {
      const y = Math.round(top + height * (1 - share)) + 0.5;
      const label = ceiling !== null && share === 1 ? svg('text', { x: 0, y: y + 11 }, formatShortCount(ceiling)) : null;
      return [svg('line', { x1: 0, x2: this.#width, y1: y, y2: y, class: share === 0 ? 'histogram-base' : null }), label];
    }));
  }

  #drawTicks() {
    if ((this.#histogram?.buckets.length ?? 0) === 0) {
      replaceChildren(this.ticks);
      return;
    }
    const span = this.#span();
    const startOfDay = (/** @type {number} */ time) => startOf(time, 'd', this.#clock);
    const { times, step } = ticksOf(span, Math.floor(this.#width / tickWidth), startOfDay);
    const digits = step < 1000 ? 3 : step < 60_000 ? 2 : 1;
    let day = NaN;
    replaceChildren(this.ticks, times.map((time) => {
      const x = this.#x(time);
      const isNewDay = startOfDay(time) !== day;
      day = startOfDay(time);
      const text = step >= 86_400_000 ? dateText(time, this.#clock) : isNewDay && (day === time || time === times[0]) && span.end - span.start > 43_200_000
        ? `${dateText(time, this.#clock)}${time === day ? '' : `, ${timeText(time, this.#clock, digits)}`}`
        : timeText(time, this.#clock, digits);
      const anchor = x < 40 ? 'start' : x > this.#width - 40 ? 'end' : 'middle';
      const line = svg('line', { x1: Math.round(x) + 0.5, x2: Math.round(x) + 0.5, y1: top + height, y2: top + height + 4 });
      return [line, svg('text', { x: Math.min(this.#width, Math.max(0, x)).toFixed(1), y: top + height + axis - 3, 'text-anchor': anchor }, text)];
    }));
  }
}
