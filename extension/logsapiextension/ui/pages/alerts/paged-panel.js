/**
 * A panel with a list that is read page by page and can be read anew.
 */
import { isAborted } from '../../api/client.js';
import { h, replaceChildren } from '../../dom.js';
import { errorState } from '../../elements/empty-state.js';
import { counted } from '../../format/number.js';

const pageSize = 25;

/**
 * @template T
 */
export class PagedPanel extends HTMLElement {
  /**
   * @param {object} options
   * @param {string} options.title
   * @param {string} options.noun what one of the list is called
   * @param {string} options.empty what stands where there is nothing
   * @param {(id: string, page: {limit: number, offset: number, signal: AbortSignal}) => Promise<{count: number, results: T[]}>} options.read
   * @param {(results: T[]) => HTMLElement} options.table shows them
   */
  constructor({ title, noun, empty, read, table }) {
    super();
    this.noun = noun;
    this.empty = empty;
    this.read = read;
    this.table = table;
    this.alertId = '';
    this.limit = pageSize;
    this.request = new AbortController();
    this.body = h('div');
    this.heading = h('h2', null, title);
  }

  connectedCallback() {
    if (this.childElementCount === 0) this.append(h('section', { class: 'panel paged-panel' }, h('header', null, this.heading), this.body));
  }

  disconnectedCallback() {
    this.request.abort();
  }

  /** @param {string} alertId */
  show(alertId) {
    this.alertId = alertId;
    this.limit = pageSize;
    this.load();
  }

  /** Reads it anew, as much as is shown. */
  async load() {
    this.request.abort();
    this.request = new AbortController();
    try {
      const page = await this.read(this.alertId, { limit: this.limit, offset: 0, signal: this.request.signal });
      this.draw(page.results, page.count);
    } catch (error) {
      if (!isAborted(error)) replaceChildren(this.body, errorState(error, () => this.load()));
    }
  }

  /**
   * @param {T[]} results
   * @param {number} count
   */
  draw(results, count) {
    if (results.length === 0) {
      replaceChildren(this.body, h('p', { class: 'quiet-text panel-empty' }, this.empty));
      return;
    }
    replaceChildren(this.body, this.table(results),
      count > results.length
        ? h('div', { class: 'panel-more' }, h('button', {
          type: 'button', class: 'button small', onclick: () => {
            this.limit += 4 * pageSize;
            this.load();
          },
        }, 'Show more'), h('span', { class: 'quiet-text' }, `${results.length} of ${counted(count, this.noun)}`))
        : null);
  }
}
