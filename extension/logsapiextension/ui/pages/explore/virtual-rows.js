/**
 * Keeps only those rows of a long list in the document that can be seen. Rows may have any
 * height: those that differ from the usual one are measured when they are there.
 */

import { RowHeights } from './row-heights.js';

/** How far beyond the edges rows are in the document already, in pixels. */
const overscan = 320;

/**
 * @typedef {object} VirtualRowsOptions
 * @property {HTMLElement} scroller what scrolls
 * @property {HTMLElement} body in it, where the rows are; it is as high as all of them
 * @property {(index: number) => HTMLElement} render makes a row
 * @property {(first: number, last: number) => void} onrange tells which rows can be seen
 */

export class VirtualRows {
  #options;
  #heights = new RowHeights(28);
  /** The rows in the document by their index. @type {Map<number, HTMLElement>} */
  #shown = new Map();
  /** The index of a row that stays in the document wherever one scrolls, as it has the focus. */
  #kept = -1;
  #frame = 0;
  #observer = new ResizeObserver((entries) => this.#measure(entries));

  /** @param {VirtualRowsOptions} options */
  constructor(options) {
    this.#options = options;
    options.scroller.addEventListener('scroll', () => this.schedule(), { passive: true });
  }

  get count() {
    return this.#heights.count;
  }

  /**
   * Shows another list from its beginning.
   * @param {number} count
   * @param {number} usual the height of most rows, in pixels
   */
  reset(count, usual) {
    this.#kept = -1;
    this.#heights.reset(count, usual);
    this.#options.scroller.scrollTop = 0;
    this.renew();
  }

  /** Makes all rows anew, of which the number and the usual height are the same. */
  renew() {
    for (const element of this.#shown.values()) this.#forget(element);
    this.#shown.clear();
    this.update();
  }

  /**
   * Forgets what was measured; what is seen stays about where it is.
   * @param {number} usual the height of most rows, in pixels
   */
  remeasure(usual) {
    const { scroller } = this.#options;
    const first = this.count > 0 ? this.#heights.at(scroller.scrollTop) : 0;
    this.#heights.reset(this.count, usual);
    this.#resize();
    scroller.scrollTop = this.#heights.top(first);
  }

  /** @param {number} count how many rows there are with those added behind the last one */
  grow(count) {
    this.#heights.grow(count);
    this.update();
  }

  /**
   * Adds rows before the first one; what is seen stays where it is, unless that is the
   * beginning.
   * @param {number} added
   * @param {number} count how many rows there are then
   */
  prepend(added, count) {
    const { scroller } = this.#options;
    const wasAtTop = scroller.scrollTop === 0;
    const shown = [...this.#shown].reverse();
    this.#shown = new Map();
    for (const [index, element] of shown) {
      if (index + added < count) this.#shown.set(index + added, element);
      else this.#forget(element);
    }
    if (this.#kept >= 0) this.#kept = this.#kept + added < count ? this.#kept + added : -1;
    this.#heights.prepend(added, count);
    this.#resize();
    if (!wasAtTop) scroller.scrollTop += this.#heights.top(added);
    this.update();
  }

  /** @param {number} index of the row that stays in the document; -1 for none */
  keep(index) {
    this.#kept = index;
  }

  /**
   * @param {number} index
   * @returns {HTMLElement | null} the row, if it is in the document
   */
  element(index) {
    return this.#shown.get(index) ?? null;
  }

  /**
   * @param {Element | null} element of the row
   * @returns {number} its index; -1 if it is no row
   */
  indexOf(element) {
    for (const [index, shown] of this.#shown) if (shown === element) return index;
    return -1;
  }

  /**
   * Scrolls as little as it takes for a row to be seen from its beginning.
   * @param {number} index
   */
  reveal(index) {
    const { scroller, body } = this.#options;
    const top = this.#heights.top(index);
    const room = scroller.clientHeight - body.offsetTop;
    const height = Math.min(this.#heights.height(index), room);
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + height > scroller.scrollTop + room) scroller.scrollTop = top + height - room;
    this.update();
  }

  /** @returns {number} about how many usual rows can be seen */
  get pageSize() {
    const { scroller, body } = this.#options;
    return Math.max(1, Math.floor((scroller.clientHeight - body.offsetTop) / this.#heights.usual) - 1);
  }

  /** Updates before the next frame, once however often it is called. */
  schedule() {
    this.#frame ||= requestAnimationFrame(() => this.update());
  }

  /** Brings the document in line with what can be seen. */
  update() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { scroller, body, onrange } = this.#options;
    this.#resize();
    const top = scroller.scrollTop;
    const bottom = top + scroller.clientHeight - body.offsetTop;
    const wanted = this.#indexes(top - overscan, bottom + overscan);
    for (const [index, element] of this.#shown) {
      if (wanted.has(index)) continue;
      this.#shown.delete(index);
      this.#forget(element);
    }
    this.#fill([...wanted].sort((a, b) => a - b));
    if (this.count > 0) onrange(this.#heights.at(top), this.#heights.at(bottom));
  }

  /** Ends all that is under way. */
  stop() {
    cancelAnimationFrame(this.#frame);
    this.#observer.disconnect();
  }

  /** @param {number} from @param {number} to in pixels */
  #indexes(from, to) {
    /** @type {Set<number>} */
    const wanted = new Set();
    if (this.count === 0) return wanted;
    const last = this.#heights.at(to);
    for (let index = this.#heights.at(from); index <= last; index += 1) wanted.add(index);
    if (this.#kept >= 0 && this.#kept < this.count) wanted.add(this.#kept);
    return wanted;
  }

  /**
   * Puts rows into the document in their order. Those that are there stay where they are: an
   * element that is moved loses the focus.
   * @param {number[]} indexes
   */
  #fill(indexes) {
    const { body } = this.#options;
    let next = body.firstChild;
    for (const index of indexes) {
      const present = this.#shown.get(index);
      const element = present ?? this.#make(index);
      if (element === next) next = next.nextSibling;
      else body.insertBefore(element, next);
      this.#place(index, element);
    }
  }

  /** @param {number} index */
  #make(index) {
    const element = this.#options.render(index);
    this.#shown.set(index, element);
    this.#observer.observe(element, { box: 'border-box' });
    return element;
  }

  /** @param {HTMLElement} element */
  #forget(element) {
    this.#observer.unobserve(element);
    element.remove();
  }

  /** @param {number} index @param {HTMLElement} element */
  #place(index, element) {
    element.style.transform = `translateY(${this.#heights.top(index)}px)`;
  }

  #resize() {
    this.#options.body.style.height = `${this.#heights.total}px`;
  }

  /** @param {ResizeObserverEntry[]} entries */
  #measure(entries) {
    const { scroller } = this.#options;
    const sizes = new Map(entries.map(({ target, borderBoxSize }) => [target, borderBoxSize[0].blockSize]));
    let isChanged = false;
    let above = 0;
    for (const [index, element] of this.#shown) {
      const size = sizes.get(element);
      if (size === undefined || size === 0) continue;
      const [top, before] = [this.#heights.top(index), this.#heights.height(index)];
      if (!this.#heights.set(index, size)) continue;
      isChanged = true;
      // What lies before what is seen must not push it.
      if (top + before <= scroller.scrollTop) above += size - before;
    }
    if (!isChanged) return;
    this.#resize();
    if (above !== 0) scroller.scrollTop += above;
    this.update();
  }
}
