/**
 * The page of audit events: who did what, what changed by it, and the proof that the record
 * is as it came. `#/audit?actor=…&action=…&workspace=…&from=-7d&to=now&event=ID`.
 */

import { listAuditEvents, searchText } from '../../api/audit.js';
import { isAborted } from '../../api/client.js';
import { h, replaceChildren } from '../../dom.js';
import { emptyState, errorState, loadingState } from '../../elements/empty-state.js';
import '../../elements/time-range.js';
import { icon } from '../../elements/icons.js';
import { formatTime } from '../../format/time.js';
import { link, navigate, route as currentRoute } from '../../state/route.js';
import { session } from '../../state/session.js';
import { settings } from '../../state/settings.js';
import { eventRow } from './event-row.js';

/** @typedef {import('../../audit/event.js').AuditEvent} AuditEvent */

const pageSize = 100;

/** The project of Docket's own audit trail, which has the same number in every Docket. */
const projectOfDocket = 2_000_000_000;

/** @type {[name: 'actor' | 'action' | 'workspace', label: string, placeholder: string][]} */
const inputs = [
  ['actor', 'Who', 'Name, address or id'], ['action', 'Did what', 'invoice.delete'], ['workspace', 'In which workspace', 'External id'],
];

export default class AuditPage extends HTMLElement {
  static tag = 'docket-audit-page';

  constructor() {
    super();
    this.request = new AbortController();
    /** @type {AuditEvent[]} */
    this.events = [];
    /** @type {string | null} */
    this.next = null;
    /** What is asked, to see whether it has changed. */
    this.asked = '';
    this.range = /** @type {import('../../elements/time-range.js').TimeRange} */ (document.createElement('docket-time-range'));
    this.fields = inputs.map(([name, label, placeholder]) => h('input', {
      class: 'input', type: 'search', name, 'aria-label': label, placeholder, autocomplete: 'off', spellcheck: 'false', maxlength: 1024,
      onchange: () => this.ask(),
    }));
    this.toolbar = h('form', { class: 'toolbar audit-toolbar', role: 'search', 'aria-label': 'Audit events', onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); this.ask(); } },
      this.fields, h('button', { type: 'submit', class: 'visually-hidden' }, 'Search'), this.range, linkToDocket());
    this.list = h('div', { class: 'audit-list' });
    this.unsubscribe = () => {};
  }

  connectedCallback() {
    this.className = 'page audit-page';
    this.addEventListener('docket-range', (event) => this.go({ ...(/** @type {CustomEvent} */ (event).detail) }));
    this.unsubscribe = settings.subscribe('clock', () => this.draw());
    replaceChildren(this, h('header', { class: 'page-header' }, h('h1', null, 'Audit')), this.toolbar, this.list);
  }

  disconnectedCallback() {
    this.unsubscribe();
    this.request.abort();
  }

  /** @param {{parameters: URLSearchParams}} route */
  update({ parameters }) {
    const at = (/** @type {string} */ name) => parameters.get(name) ?? '';
    /** @type {import('../../api/audit.js').AuditFilter} */
    this.filter = {
      actor: at('actor'), action: at('action'), workspace: at('workspace'), from: at('from') || '-7d', to: at('to') || 'now',
    };
    this.range.show(this.filter);
    for (const input of this.fields) input.value = at(input.name);
    const asked = JSON.stringify(this.filter);
    if (asked === this.asked) return;
    this.asked = asked;
    void this.load(true);
  }

  /** Goes to what the fields say. */
  ask() {
    this.go(Object.fromEntries(this.fields.map(({ name, value }) => [name, value.trim()])));
  }

  /** @param {Record<string, string>} changes */
  go(changes) {
    navigate(['audit'], { ...Object.fromEntries(currentRoute.parameters), event: '', ...changes });
  }

  /** @param {boolean} anew or the next page */
  async load(anew) {
    const { filter } = this;
    if (!filter) return;
    this.request.abort();
    this.request = new AbortController();
    const { signal } = this.request;
    if (anew) replaceChildren(this.list, loadingState('Reading audit events …'));
    try {
      const { events, next } = await listAuditEvents(filter, { after: anew ? null : this.next, limit: pageSize, signal });
      this.events = anew ? events : [...this.events, ...events];
      this.next = next;
      this.draw();
    } catch (error) {
      if (!isAborted(error)) replaceChildren(this.list, errorState(error, () => this.load(anew)));
    }
  }

  draw() {
    if (!this.filter || this.list.querySelector('.state[role="status"]') && this.events.length === 0 && this.next !== null) return;
    if (this.events.length === 0) {
      replaceChildren(this.list, this.empty());
      return;
    }
    const clock = settings.get('clock');
    const days = Map.groupBy(this.events, ({ time }) => formatTime(time, clock, 0).slice(0, 10));
    const open = currentRoute.parameters.get('event');
    replaceChildren(this.list,
      [...days].map(([day, events]) => h('section', { class: 'panel audit-day' },
        h('h2', null, day),
        h('ol', null, events.map((event) => eventRow(event, {
          signal: this.request.signal, isOpen: event.id === open, onopen: (isOpen) => this.noteOpen(isOpen ? event.id : ''),
        }))))),
      this.next !== null && h('p', { class: 'audit-more' }, h('button', { type: 'button', class: 'button', onclick: () => this.load(false) }, 'Earlier events')));
  }

  /**
   * The address names the event that is open, so that it can be shared.
   * @param {string} event
   */
  noteOpen(event) {
    navigate(['audit'], { ...Object.fromEntries(currentRoute.parameters), event }, { replace: true, silent: true });
  }

  empty() {
    const { filter } = this;
    const isFiltered = filter !== undefined && (filter.actor !== '' || filter.action !== '' || filter.workspace !== '');
    if (isFiltered) {
      return emptyState({
        icon: 'shield', title: 'No audit event is like that', text: 'Look further back, or at fewer conditions.',
        actions: [
          { label: 'All time', onselect: () => this.go({ from: 'all', to: 'now' }) },
          { label: 'Show it in Explore', href: link(['explore'], { q: searchText(filter), from: filter.from, to: filter.to }) },
        ],
      });
    }
    return emptyState({
      icon: 'shield', title: 'No audit events in this time',
      text: 'Audit events are those that apps send in LogHub’s format: who did what, and what was before and after.',
      actions: [{ label: 'How to send one', href: link(['start']), primary: true }, { label: 'All time', onselect: () => this.go({ from: 'all', to: 'now' }) }],
    });
  }
}

/** A link to what was done to Docket itself, for those who may read that and do not yet. */
function linkToDocket() {
  const mayRead = session.projects.some(({ id }) => id === projectOfDocket);
  if (!mayRead || session.project === projectOfDocket) return null;
  return h('a', { class: 'button small push', href: link(['audit'], { project: projectOfDocket }) }, icon('shield', { size: 14 }), 'Docket itself');
}
