/**
 * All alerts of the project with what they do now. It looks again every few seconds.
 */
import { listAlerts } from '../../api/alerts.js';
import { isAborted } from '../../api/client.js';
import { h, replaceChildren } from '../../dom.js';
import { emptyState, errorState, loadingState } from '../../elements/empty-state.js';
import { icon } from '../../elements/icons.js';
import { describeTime } from '../../format/time.js';
import { link } from '../../state/route.js';
import { session } from '../../state/session.js';
import { searchTextOf } from '../views-search-text.js';
import { mayChange, openAlertMenu } from './actions.js';
import { lastDay, stateBadge } from './state-badge.js';
import { conditionText, destinationNames, shownState, spanText } from './words.js';

/** @typedef {import('../../api/alerts.js').Alert} Alert */

const refreshMilliseconds = 10_000;
/** What needs somebody comes first. */
const ranks = Object.freeze({ firing: 0, broken: 1, snoozed: 2, not_firing: 3, disabled: 4 });

export class AlertList extends HTMLElement {
  static tag = 'docket-alert-list';

  constructor() {
    super();
    this.request = new AbortController();
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.refreshTimer = undefined;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.clockTimer = undefined;
    /** @type {Alert[] | null} */
    this.alerts = null;
    this.body = h('div');
  }

  connectedCallback() {
    replaceChildren(this,
      h('header', { class: 'page-header' },
        h('h1', null, 'Alerts'),
        session.mayWrite ? h('a', { class: 'button primary push', href: link(['alerts', 'new']) }, icon('plus'), 'New alert') : null),
      this.body);
    this.load();
    this.refreshTimer = setInterval(() => {
      // Drawn anew, an open menu would lose its button.
      if (!document.hidden && !document.querySelector('.menu:popover-open, dialog[open]')) this.load();
    }, refreshMilliseconds);
    this.clockTimer = setInterval(() => this.tick(), 1000);
  }

  disconnectedCallback() {
    clearInterval(this.refreshTimer);
    clearInterval(this.clockTimer);
    this.request.abort();
  }

  async load() {
    this.request.abort();
    this.request = new AbortController();
    if (!this.alerts) replaceChildren(this.body, loadingState('Reading the alerts …'));
    try {
      this.show(await listAlerts({ signal: this.request.signal }));
    } catch (error) {
      // What was read before stays: it is better than nothing.
      if (!isAborted(error) && !this.alerts) replaceChildren(this.body, errorState(error, () => this.load()));
    }
  }

  /** @param {Alert[]} alerts */
  show(alerts) {
    this.alerts = alerts;
    if (alerts.length === 0) {
      replaceChildren(this.body, noAlerts());
      return;
    }
    const focused = document.activeElement instanceof HTMLElement && this.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
    const sorted = [...alerts].sort((a, b) => ranks[shownState(a)] - ranks[shownState(b)] || a.name.localeCompare(b.name));
    replaceChildren(this.body, h('div', { class: 'panel alert-list' },
      h('table', { class: 'table' },
        h('thead', null, h('tr', null,
          h('th', { scope: 'col' }, 'State'), h('th', { scope: 'col' }, 'Alert'), h('th', { scope: 'col' }, 'Last 24 hours'),
          h('th', { scope: 'col' }, 'Next check'), h('th', { scope: 'col' }, 'Tells'),
          h('th', { scope: 'col' }, h('span', { class: 'visually-hidden' }, 'What to do')))),
        h('tbody', null, ...sorted.map((alert) => this.row(alert))))));
    if (focused) /** @type {HTMLElement | null} */ (this.querySelector(`[data-focus="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {Alert} alert */
  row(alert) {
    const more = h('button', {
      type: 'button', class: 'icon-button', 'aria-label': `What to do with ${alert.name}`, dataset: { focus: `more-${alert.id}` },
      onclick: () => openAlertMenu(more, alert, () => this.load()),
    }, icon('more'));
    return h('tr', null,
      h('td', { class: 'alert-state' }, stateBadge(alert)),
      h('td', { class: 'alert-what' },
        h('a', { class: 'alert-name', href: link(['alerts', alert.id]), dataset: { focus: `name-${alert.id}` } }, alert.name),
        alert.provisioned ? h('span', { class: 'badge', title: 'It comes from the configuration and is changed there.' }, 'configured') : null,
        h('div', { class: 'quiet-text' }, conditionText(alert)),
        h('code', { class: 'alert-search' }, searchTextOf(alert.filters) ?? JSON.stringify(alert.filters))),
      h('td', { class: 'alert-bar' }, lastDay(alert)),
      h('td', { class: 'alert-next' }, nextCheck(alert)),
      h('td', { class: 'alert-tells' }, tells(alert)),
      h('td', { class: 'alert-more' }, mayChange(alert) ? more : null));
  }

  /** Counts the seconds to the next checks down. */
  tick() {
    for (const element of this.querySelectorAll('time[data-next]')) element.textContent = nextText(element.getAttribute('datetime') ?? '');
  }
}

/** @param {Alert} alert */
export function nextCheck(alert) {
  if (!alert.enabled) return h('span', { class: 'quiet-text' }, 'switched off');
  if (alert.state === 'broken') return h('span', { class: 'quiet-text' }, 'until it is reset');
  if (alert.state === 'snoozed' && alert.snooze_until) {
    return h('span', { title: describeTime(alert.snooze_until) }, 'snoozed for ',
      h('time', { datetime: alert.snooze_until }, spanText(Date.parse(alert.snooze_until) - Date.now())));
  }
  const next = alert.next_check_at ?? new Date().toISOString();
  return h('time', { datetime: next, dataset: { next: '' }, title: describeTime(next) }, nextText(next));
}

/** @param {string} next */
function nextText(next) {
  const left = Date.parse(next) - Date.now();
  return left < 1000 ? 'now' : `in ${spanText(left)}`;
}

/** @param {Alert} alert */
function tells(alert) {
  if (alert.destination_types.length > 0) return alert.destination_types.map((type) => destinationNames[type] ?? type).join(', ');
  return h('span', { class: 'tells-nobody' }, icon('warning', { size: 14 }), 'nobody');
}

function noAlerts() {
  return emptyState({
    icon: 'bell', title: 'No alerts yet',
    text: 'An alert counts the records that a search finds, and tells somebody when there are too many or too few.',
    actions: session.mayWrite
      ? [{ label: 'New alert', href: link(['alerts', 'new']), primary: true }, { label: 'Begin with a search', href: link(['explore']) }]
      : [{ label: 'Explore records', href: link(['explore']) }],
  });
}

customElements.define(AlertList.tag, AlertList);
