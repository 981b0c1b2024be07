/**
 * Counts over time with a threshold, the times in which something held, and marks where it
 * began and ended. One reads it with the pointer, or with the arrow keys as a slider.
 */
import { h, replaceChildren, svg } from '../dom.js';
import { formatCount, formatShortCount } from '../format/number.js';
import { formatTime } from '../format/time.js';
import { linePath, niceCeiling, timeTicks } from './line-chart-scale.js';

/**
 * @typedef {object} ChartPoint
 * @property {number} at in milliseconds since 1970
 * @property {number} value
 * @property {boolean} held what the band shows
 * @property {'start' | 'end' | ''} mark
 * @property {string} text what one reads at it
 */

/**
 * @typedef {object} ChartData
 * @property {string} label says what the chart shows
 * @property {ChartPoint[]} points the oldest first
 * @property {number} threshold
 * @property {'above' | 'below'} breaches the side of the threshold that is bad
 * @property {import('../format/time.js').Clock} clock
 */

const margin = Object.freeze({ top: 24, right: 12, bottom: 22, left: 44 });
const height = 200;
const bandHeight = 4;

export class LineChart extends HTMLElement {
  static tag = 'docket-line-chart';

  constructor() {
    super();
    /** @type {ChartData | null} */
    this.data = null;
    this.reading = -1;
    this.width = 600;
    this.observer = new ResizeObserver(([entry]) => {
      const width = Math.round(entry?.contentRect.width ?? 0);
      if (width > 0 && width !== this.width) {
        this.width = width;
        this.draw();
      }
    });
  }

  connectedCallback() {
    this.observer.observe(this);
  }

  disconnectedCallback() {
    this.observer.disconnect();
  }

  /** @param {ChartData} data */
  show(data) {
    this.data = data;
    this.reading = -1;
    this.draw();
  }

  draw() {
    const { data } = this;
    if (!data || data.points.length === 0) {
      replaceChildren(this);
      return;
    }
    const hadFocus = this.contains(document.activeElement);
    const first = data.points[0].at;
    const last = data.points[data.points.length - 1].at;
    const inner = Math.max(40, this.width - margin.left - margin.right);
    const floor = height - margin.bottom;
    const top = niceCeiling(Math.max(1.15 * data.threshold, greatest(data.points)));
    this.x = (/** @type {number} */ at) => margin.left + (last === first ? 0 : (at - first) / (last - first)) * inner;
    this.y = (/** @type {number} */ value) => floor - (value / top) * (floor - margin.top);

    this.cursor = svg('line', { class: 'chart-cursor', y1: String(margin.top), y2: String(floor), visibility: 'hidden' });
    this.dot = svg('circle', { class: 'chart-dot', r: '3.5', visibility: 'hidden' });
    const chart = svg('svg', { width: String(this.width), height: String(height), 'aria-hidden': 'true' },
      ...this.grid(top, inner), ...this.axis(first, last, inner), ...this.bands(), this.line(inner), ...this.threshold(inner),
      ...this.marks(), this.cursor, this.dot);
    this.readout = h('div', { class: 'chart-readout' }, '\u00a0');
    this.slider = h('div', {
      class: 'chart-surface', role: 'slider', tabindex: '0', 'aria-label': data.label, 'aria-valuemin': '0',
      'aria-valuemax': String(data.points.length - 1), onkeydown: (/** @type {KeyboardEvent} */ event) => this.press(event),
      onpointermove: (/** @type {PointerEvent} */ event) => this.point(event), onpointerleave: () => this.read(-1),
    }, chart);
    replaceChildren(this, this.slider, this.readout);
    this.read(this.reading);
    if (hadFocus) this.slider.focus();
  }

  /**
   * @param {number} top
   * @param {number} inner
   */
  grid(top, inner) {
    return [0, top / 2, top].flatMap((value) => {
      const y = this.y?.(value) ?? 0;
      return [
        svg('line', { class: 'chart-grid', x1: String(margin.left), x2: String(margin.left + inner), y1: String(y), y2: String(y) }),
        svg('text', { class: 'chart-label', x: String(margin.left - 6), y: String(y + 4), 'text-anchor': 'end' }, formatShortCount(value)),
      ];
    });
  }

  /**
   * @param {number} first
   * @param {number} last
   * @param {number} inner
   */
  axis(first, last, inner) {
    const { clock } = /** @type {ChartData} */ (this.data);
    return timeTicks(first, last, Math.max(2, Math.floor(inner / 80)), clock).map((at) => svg('text', {
      class: 'chart-label', x: String(this.x?.(at)), y: String(height - 6), 'text-anchor': 'middle',
    }, tickText(at, last - first, clock)));
  }

  /** The times in which it held, as strips on the axis and a tint behind the line. */
  bands() {
    const { points } = /** @type {ChartData} */ (this.data);
    const floor = height - margin.bottom;
    /** @type {SVGElement[]} */
    const bands = [];
    for (let begin = 0; begin < points.length; begin += 1) {
      if (!points[begin].held) continue;
      let end = begin;
      while (end + 1 < points.length && points[end].held) end += 1;
      const x = this.x?.(points[begin].at) ?? 0;
      const width = Math.max(2, (this.x?.(points[end].at) ?? 0) - x);
      bands.push(
        svg('rect', { class: 'chart-tint', x: String(x), width: String(width), y: String(margin.top), height: String(floor - margin.top) }),
        svg('rect', { class: 'chart-band', x: String(x), width: String(width), y: String(floor), height: String(bandHeight) }));
      begin = end;
    }
    return bands;
  }

  /** @param {number} inner */
  line(inner) {
    const { points } = /** @type {ChartData} */ (this.data);
    const plotted = points.map(({ at, value }) => ({ x: this.x?.(at) ?? 0, y: this.y?.(value) ?? 0 }));
    return svg('path', { class: 'chart-line', d: linePath(plotted, Math.round(inner)) });
  }

  /** @param {number} inner */
  threshold(inner) {
    const { threshold, breaches } = /** @type {ChartData} */ (this.data);
    const y = this.y?.(threshold) ?? 0;
    // The label stands on the side where it hides no line of the grid's texts.
    const textY = y - margin.top < 14 ? y + 13 : y - 5;
    return [
      svg('line', { class: 'chart-threshold', x1: String(margin.left), x2: String(margin.left + inner), y1: String(y), y2: String(y) }),
      svg('text', { class: 'chart-threshold-label', x: String(margin.left + inner), y: String(textY), 'text-anchor': 'end' },
        `fires ${breaches} ${formatCount(threshold)}`),
    ];
  }

  /** Triangles where it begins, rings below where it ends: told apart without colour. */
  marks() {
    const { points } = /** @type {ChartData} */ (this.data);
    return points.filter(({ mark }) => mark !== '').map(({ at, mark }) => {
      const x = this.x?.(at) ?? 0;
      return mark === 'start'
        ? svg('path', { class: 'chart-mark-start', d: `M${x - 4} 1h8l-4 8z` })
        : svg('circle', { class: 'chart-mark-end', cx: String(x), cy: '15', r: '2.5' });
    });
  }

  /** @param {PointerEvent} event */
  point(event) {
    const { points } = /** @type {ChartData} */ (this.data);
    const box = /** @type {HTMLElement} */ (this.slider).getBoundingClientRect();
    const share = (event.clientX - box.left - margin.left) / Math.max(1, box.width - margin.left - margin.right);
    this.read(Math.min(points.length - 1, Math.max(0, Math.round(share * (points.length - 1)))));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const last = /** @type {ChartData} */ (this.data).points.length - 1;
    const at = this.reading < 0 ? last : this.reading;
    const page = Math.max(1, Math.round(last / 20));
    /** @type {Record<string, number>} */
    const moves = {
      ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - page, PageUp: at + page, Home: 0, End: last,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.read(Math.min(last, Math.max(0, moves[event.key])));
  }

  /**
   * Reads a point out; none for -1.
   * @param {number} index
   */
  read(index) {
    const { points } = /** @type {ChartData} */ (this.data);
    this.reading = index;
    const shown = points[index];
    const { cursor, dot, readout, slider } = this;
    if (!cursor || !dot || !readout || !slider) return;
    cursor.setAttribute('visibility', shown ? 'visible' : 'hidden');
    dot.setAttribute('visibility', shown ? 'visible' : 'hidden');
    slider.setAttribute('aria-valuenow', String(Math.max(0, index)));
    slider.setAttribute('aria-valuetext', shown ? shown.text : 'Use the arrow keys to read it');
    readout.textContent = shown ? shown.text : '\u00a0';
    if (!shown) return;
    const x = String(this.x?.(shown.at));
    cursor.setAttribute('x1', x);
    cursor.setAttribute('x2', x);
    dot.setAttribute('cx', x);
    dot.setAttribute('cy', String(this.y?.(shown.value)));
  }
}

/** @param {ChartPoint[]} points */
function greatest(points) {
  return points.reduce((most, { value }) => Math.max(most, value), 0);
}

/**
 * The time of day, or the date where an axis spans many.
 * @param {number} at
 * @param {number} span in milliseconds
 * @param {import('../format/time.js').Clock} clock
 */
function tickText(at, span, clock) {
  const text = formatTime(new Date(at).toISOString(), clock, 0);
  return span > 3 * 86_400_000 ? text.slice(5, 10) : text.slice(11, 16);
}

customElements.define(LineChart.tag, LineChart);
