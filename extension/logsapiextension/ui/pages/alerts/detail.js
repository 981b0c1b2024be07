/**
 * One alert: what it does, whom it tells, and what has happened.
 */
import { getAlert } from '../../api/alerts.js';
import { isAborted } from '../../api/client.js';
import { h, replaceChildren } from '../../dom.js';
import { errorState, loadingState } from '../../elements/empty-state.js';
import { icon } from '../../elements/icons.js';
import { counted } from '../../format/number.js';
import { describeTime, formatTime, relativeTime } from '../../format/time.js';
import { link, navigate } from '../../state/route.js';
import { settings } from '../../state/settings.js';
import { searchTextOf } from '../views-search-text.js';
import { endSnooze, mayChange, openAlertMenu, openSnoozeMenu, reset } from './actions.js';
import { AlertDeliveries } from './deliveries.js';
import { AlertDestinations } from './destinations.js';
import { groupsPanel } from './groups.js';
import { AlertHistory } from './history.js';
import { nextCheck } from './list.js';
import { lastDay, stateBadge } from './state-badge.js';
import { conditionText, everyText, minutesText } from './words.js';

/** @typedef {import('../../api/alerts.js').Alert} Alert */

const refreshMilliseconds = 10_000;

export class AlertDetail extends HTMLElement {
  static tag = 'docket-alert-detail';

  constructor() {
    super();
    this.alertId = '';
    this.request = new AbortController();
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
    /** @type {Alert | null} */
    this.alert = null;
    this.top = h('div', { class: 'alert-top' });
    this.destinations = new AlertDestinations();
    this.history = new AlertHistory();
    this.deliveries = new AlertDeliveries();
    // What was sent to try a destination is news of its log.
    this.addEventListener('docket-destinations', () => this.deliveries.load());
  }

  /** @param {string} id */
  show(id) {
    this.alertId = id;
    replaceChildren(this, loadingState('Reading the alert …'));
    this.load();
  }

  connectedCallback() {
    this.timer = setInterval(() => {
      if (!document.hidden && !document.querySelector('.menu:popover-open, dialog[open]')) this.load();
    }, refreshMilliseconds);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
    this.request.abort();
  }

  async load() {
    this.request.abort();
    this.request = new AbortController();
    try {
      this.draw(await getAlert(this.alertId, { signal: this.request.signal }));
    } catch (error) {
      if (isAborted(error) || this.alert) return;
      replaceChildren(this, errorState(error, () => this.load()), h('p', { class: 'centered' }, h('a', { href: link(['alerts']) }, 'All alerts')));
    }
  }

  /** @param {Alert} alert */
  draw(alert) {
    const isFirst = this.alert === null;
    const before = this.alert;
    this.alert = alert;
    replaceChildren(this.top, this.header(alert), this.problem(alert), this.summary(alert), groupsPanel(alert));
    if (isFirst) {
      replaceChildren(this, this.top, this.destinations, this.history, this.deliveries);
      this.destinations.show(alert);
      this.history.show(alert.id);
      this.deliveries.show(alert.id);
    } else if (before && (before.updated_at !== alert.updated_at || before.state !== alert.state || before.last_notified_at !== alert.last_notified_at)) {
      this.history.load();
      this.deliveries.load();
    }
  }

  /** @param {Alert} alert */
  header(alert) {
    const more = h('button', { type: 'button', class: 'icon-button', 'aria-label': 'More', onclick: () => openAlertMenu(more, alert, (after) => this.changed(after)) }, icon('more'));
    const snoozeButton = h('button', {
      type: 'button', class: 'button', onclick: () => openSnoozeMenu(snoozeButton, alert, (after) => this.changed(after)),
    }, icon('bell-off'), 'Snooze');
    const isSnoozed = alert.state === 'snoozed';
    return h('header', { class: 'page-header' },
      h('a', { class: 'icon-button', href: link(['alerts']), 'aria-label': 'All alerts', title: 'All alerts' }, icon('chevron-left')),
      h('h1', null, alert.name), stateBadge(alert),
      alert.provisioned ? h('span', { class: 'badge' }, 'from the configuration') : null,
      h('div', { class: 'toolbar push' },
        h('a', { class: 'button quiet', href: link(['explore'], { q: searchTextOf(alert.filters) ?? '', from: '-24h' }) }, icon('search'), 'Show records'),
        mayChange(alert)
          ? [
            isSnoozed
              ? h('button', { type: 'button', class: 'button', onclick: () => endSnooze(alert, (after) => this.changed(after)) }, icon('bell'), 'End the snooze')
              : alert.enabled && alert.state !== 'broken' && snoozeButton,
            alert.state === 'broken' && h('button', { type: 'button', class: 'button', onclick: () => reset(alert, (after) => this.changed(after)) }, icon('refresh'), 'Reset'),
            h('a', { class: 'button', href: link(['alerts', alert.id, 'edit']) }, icon('edit'), 'Edit'), more,
          ]
          : null));
  }

  /** @param {Alert | null} after */
  changed(after) {
    if (after) this.draw(after);
    else navigate(['alerts'], {}, { replace: true });
  }

  /**
   * Why it does not work, if it does not.
   * @param {Alert} alert
   */
  problem(alert) {
    if (!alert.last_error_message || (alert.consecutive_failures === 0 && alert.state !== 'broken')) return null;
    const title = alert.state === 'broken'
      ? `It is broken and is not checked any more, after ${counted(alert.consecutive_failures, 'failure')} in a row.`
      : `The last ${counted(alert.consecutive_failures, 'check')} failed; after five in a row it is broken.`;
    return h('div', { class: 'notice warning', role: 'note' }, icon('warning'), h('div', null, h('strong', null, title), h('p', null, alert.last_error_message)));
  }

  /** @param {Alert} alert */
  summary(alert) {
    const search = searchTextOf(alert.filters);
    return h('section', { class: 'panel alert-summary', 'aria-label': 'What it does' },
      h('div', { class: 'alert-day' }, lastDay(alert),
        h('div', { class: 'alert-day-scale quiet-text', 'aria-hidden': 'true' }, h('span', null, '24 h ago'), h('span', null, '12 h'), h('span', null, 'now'))),
      h('dl', { class: 'facts' },
        fact('Counts', h('code', null, search ?? JSON.stringify(alert.filters))),
        fact('Fires at', conditionText(alert)),
        ...this.rarerFacts(alert),
        fact('Next check', nextCheck(alert), ` · ${everyText(alert.check_interval_minutes)}`),
        fact('Last told', moment(alert.last_notified_at) ?? 'never'),
        fact('Made', moment(alert.created_at), alert.created_by.first_name ? ` by ${alert.created_by.first_name}` : '')));
  }

  /** @param {Alert} alert */
  rarerFacts(alert) {
    const hours = alert.schedule_restriction;
    const noData = { breach: 'counts as a breach', keep: 'changes nothing', count: '' }[alert.no_data];
    return [
      alert.recovery_threshold !== null && fact('Resolves at', `${counted(alert.recovery_threshold, 'record')} or ${alert.threshold_operator === 'above' ? 'fewer' : 'more'}`),
      noData && fact('Without records', noData),
      alert.evaluation_delay_seconds > 0 && fact('Waits', `${counted(alert.evaluation_delay_seconds, 'second')} for late records`),
      alert.cooldown_minutes > 0 && fact('Cooldown', minutesText(alert.cooldown_minutes)),
      hours && hours.blocked_windows.length > 0
        && fact('Quiet', `${hours.blocked_windows.map(({ start, end }) => `${start}–${end}`).join(', ')} (${hours.timezone || 'UTC'})`),
    ];
  }
}

/**
 * @param {string} name
 * @param {...import('../../dom.js').Child} value
 */
function fact(name, ...value) {
  return h('div', null, h('dt', null, name), h('dd', null, ...value));
}

/** @param {string | null} time */
function moment(time) {
  if (time === null) return null;
  return h('time', { datetime: time, title: describeTime(time) }, `${formatTime(time, settings.get('clock'), 0)} (${relativeTime(Date.parse(time))})`);
}

customElements.define(AlertDetail.tag, AlertDetail);
