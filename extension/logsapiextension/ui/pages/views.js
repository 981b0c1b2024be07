/**
 * The page of saved views: `#/views` lists them, `#/views/ID` opens one in Explore, which is
 * the address to share: it shows the view as it is by then.
 */
import { getView, listViews } from '../api/views.js';
import { isAborted } from '../api/client.js';
import { h, replaceChildren } from '../dom.js';
import { emptyState, errorState, loadingState } from '../elements/empty-state.js';
import { link, navigate } from '../state/route.js';
import { parametersOfView } from './views-open.js';
import { viewRow } from './views-row.js';

/** @typedef {import('../api/views.js').View} View */

/** With more views than that there is a field to find one. */
const findable = 8;

export default class ViewsPage extends HTMLElement {
  static tag = 'docket-views-page';

  constructor() {
    super();
    this.request = new AbortController();
    /** @type {View[]} */
    this.views = [];
    this.find = h('input', {
      class: 'input', type: 'search', placeholder: 'Find a view', 'aria-label': 'Find a view by its name or search', autocomplete: 'off',
      oninput: () => this.draw(),
    });
    this.head = h('header', { class: 'page-header' }, h('h1', null, 'Views'), h('div', { class: 'push' }, this.find));
    this.body = h('div');
  }

  connectedCallback() {
    this.className = 'page';
  }

  disconnectedCallback() {
    this.request.abort();
  }

  /** @param {{path: string[]}} route */
  update({ path }) {
    const [, shortId] = path;
    if (shortId) {
      this.open(shortId);
    } else {
      this.find.hidden = true;
      replaceChildren(this, this.head, this.body);
      replaceChildren(this.body, loadingState('Reading the views …'));
      this.load();
    }
  }

  /** @param {string} shortId */
  async open(shortId) {
    replaceChildren(this, loadingState('Opening the view …'));
    this.request.abort();
    this.request = new AbortController();
    try {
      const view = await getView(shortId, { signal: this.request.signal });
      navigate(['explore'], parametersOfView(view), { replace: true });
    } catch (error) {
      if (!isAborted(error)) replaceChildren(this, errorState(error, () => this.open(shortId)));
    }
  }

  async load() {
    this.request.abort();
    this.request = new AbortController();
    try {
      this.views = await listViews({ signal: this.request.signal });
      this.draw();
    } catch (error) {
      if (!isAborted(error)) replaceChildren(this.body, errorState(error, () => this.load()));
    }
  }

  draw() {
    this.find.hidden = this.views.length <= findable && this.find.value === '';
    if (this.views.length === 0) {
      replaceChildren(this.body, noViews());
      return;
    }
    const wanted = this.find.value.trim().toLowerCase();
    const found = this.views.filter(({ name, filters }) => `${name}\n${JSON.stringify(filters)}`.toLowerCase().includes(wanted));
    if (found.length === 0) {
      replaceChildren(this.body, emptyState({ title: 'No view has that in its name or search', text: 'Another word may find it.' }));
      return;
    }
    const pinned = found.filter((view) => view.pinned);
    const others = found.filter((view) => !view.pinned);
    replaceChildren(this.body, h('div', { class: 'views-groups' },
      pinned.length > 0 ? this.group('Pinned', pinned) : null,
      others.length > 0 ? this.group(pinned.length > 0 ? 'Others' : 'All', others) : null));
  }

  /**
   * @param {string} title
   * @param {View[]} views
   */
  group(title, views) {
    return h('section', { class: 'panel views-group' },
      h('h2', { class: 'visually-hidden' }, title),
      h('table', { class: 'table' },
        h('thead', null, h('tr', null,
          h('th', { scope: 'col', class: 'view-pin' }, h('span', { class: 'visually-hidden' }, 'Pin')),
          h('th', { scope: 'col' }, title === 'All' ? 'View' : title), h('th', { scope: 'col', class: 'view-range' }, 'Range'),
          h('th', { scope: 'col', class: 'view-columns' }, 'Columns'), h('th', { scope: 'col', class: 'view-changed' }, 'Changed'),
          h('th', { scope: 'col', class: 'view-more' }, h('span', { class: 'visually-hidden' }, 'What to do')))),
        h('tbody', null, ...views.map((view) => viewRow(view, (after) => this.changed(view, after))))));
  }

  /**
   * @param {View} before
   * @param {View | null} after null when it is gone
   */
  changed(before, after) {
    this.views = this.views.flatMap((view) => (view.short_id === before.short_id ? after ?? [] : view));
    this.draw();
    // What had the focus was drawn anew.
    const same = after ? this.querySelector(`[data-focus="${CSS.escape(`pin-${after.short_id}`)}"]`) : this.querySelector('a');
    if (document.activeElement === document.body && same instanceof HTMLElement) same.focus();
  }
}

function noViews() {
  return emptyState({
    icon: 'bookmark', title: 'No views yet',
    text: 'A view keeps a search, its range of time and its columns under a name. Search in Explore and press Save.',
    actions: [{ label: 'Explore records', href: link(['explore']), primary: true }],
  });
}
