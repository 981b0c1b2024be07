/**
 * Which columns the table has and how wide they are; what is done with their heads becomes
 * the columns of the address.
 *
 * @typedef {import('./columns.js').Column} Column
 * @typedef {{columns: string[], widths: (number | null)[]}} ColumnChoice
 */

import { clampedWidth, columnsOf } from './columns.js';
import { rowsHeader } from './rows-header.js';

/** The width of what opens a row, in pixels. */
const toggleWidth = 24;

/**
 * @typedef {object} DrawnColumns
 * @property {Column[]} columns
 * @property {readonly (number | null)[]} widths those that somebody chose; null is the usual one
 * @property {'latest' | 'earliest'} sort
 * @property {boolean} canSort
 * @property {(sort: 'latest' | 'earliest') => void} onsort
 */

export class ColumnLayout {
  #grid;
  #onchoice;
  /** @type {DrawnColumns} */
  #drawn = { columns: [], widths: [], sort: 'latest', canSort: true, onsort: () => undefined };

  /**
   * @param {HTMLElement} grid
   * @param {(choice: ColumnChoice) => void} onchoice
   */
  constructor(grid, onchoice) {
    this.#grid = grid;
    this.#onchoice = onchoice;
  }

  /**
   * Lays out the columns and returns their heads, of which one gets the focus back.
   * @param {DrawnColumns} drawn
   * @returns {HTMLElement}
   */
  draw(drawn) {
    this.#drawn = drawn;
    this.#layOut(drawn.columns);
    const focused = this.#focusedHead();
    const header = rowsHeader({
      ...drawn,
      onmove: (from, to) => this.#change((columns) => columns.splice(to, 0, ...columns.splice(from, 1))),
      onhide: (index) => this.#change((columns) => columns.splice(index, 1)),
      onresize: (index, width, isDone) => this.#resize(index, width, isDone),
    });
    if (focused) queueMicrotask(() => focused(header));
    return header;
  }

  /**
   * Shows a column that is not shown, and hides one that is.
   * @param {string} name
   */
  toggle(name) {
    this.#change((columns) => {
      const index = columns.findIndex((column) => column.name === name);
      if (index >= 0) return columns.splice(index, 1);
      // The message stays last: it takes what is left.
      const last = columns.at(-1)?.name === 'message' ? columns.length - 1 : columns.length;
      return columns.splice(last, 0, { name, width: null });
    });
  }

  /** @param {Column[]} columns */
  #layOut(columns) {
    const hasMessage = columns.some(({ kind }) => kind === 'message');
    const tracks = columns.map(({ kind, width }, index) => {
      const takesRest = kind === 'message' || (!hasMessage && index === columns.length - 1);
      return takesRest ? `minmax(${width}px, 1fr)` : `${width}px`;
    });
    const least = columns.reduce((sum, { width }) => sum + width, toggleWidth);
    this.#grid.style.setProperty('--rows-columns', `${toggleWidth}px ${tracks.join(' ')}`);
    this.#grid.style.setProperty('--rows-least', `${least}px`);
  }

  /** @param {number} index @param {number} width @param {boolean} isDone */
  #resize(index, width, isDone) {
    const columns = this.#drawn.columns.map((column, other) => (other === index ? { ...column, width: clampedWidth(width) } : column));
    this.#drawn = { ...this.#drawn, columns };
    this.#layOut(columns);
    if (isDone) this.#change((all) => (all[index].width = columns[index].width));
  }

  /**
   * @param {(columns: {name: string, width: number | null}[]) => unknown} change
   */
  #change(change) {
    const { columns, widths } = this.#drawn;
    const changed = columns.map(({ name }, index) => ({ name, width: widths[index] ?? null }));
    change(changed);
    const kept = changed.length > 0 ? changed : columnsOf([]).map(({ name }) => ({ name, width: null }));
    this.#onchoice({ columns: kept.map(({ name }) => name), widths: kept.map(({ width }) => width) });
  }

  /** @returns {((header: HTMLElement) => void) | null} gives the same part of other heads the focus */
  #focusedHead() {
    const focused = document.activeElement;
    const name = focused?.closest('.is-head')?.getAttribute('data-column');
    if (!focused || !name || !this.#grid.contains(focused)) return null;
    const part = focused.classList.contains('rows-resizer') ? '.rows-resizer' : '.rows-head';
    return (header) => {
      const head = [...header.children].find((child) => child.getAttribute('data-column') === name);
      const same = head?.querySelector(part);
      if (same instanceof HTMLElement) same.focus({ preventScroll: true });
    };
  }
}
