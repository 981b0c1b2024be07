/**
 * What an alert would have done in the past: asked for while its settings are edited, and
 * shown as a chart and as a list.
 */
import { simulateAlert } from '../../api/alerts.js';
import { isAborted } from '../../api/client.js';
import { h, replaceChildren } from '../../dom.js';
import { detailOf } from '../../elements/empty-state.js';
import { LineChart } from '../../elements/line-chart.js';
import { counted, formatCount } from '../../format/number.js';
import { formatTime } from '../../format/time.js';
import { settings as preferences } from '../../state/settings.js';
import { everyText, minutesText, spanText } from './words.js';

/**
 * @typedef {import('../../api/alerts.js').AlertSettings} AlertSettings
 * @typedef {import('../../api/alerts.js').Simulation} Simulation
 * @typedef {import('../../api/alerts.js').SimulatedCheck} SimulatedCheck
 */

const spans = Object.freeze([
  { label: '24 hours', from: '-24h', minutes: 1440 },
  { label: '7 days', from: '-7d', minutes: 7 * 1440 },
  { label: '30 days', from: '-30d', minutes: 30 * 1440 },
]);

/** How many checks the API simulates; a few less, since both ends of a span count. */
const mostChecks = 14_900;
/** Typing rests for so long before the simulation is asked for. */
const restMilliseconds = 350;
/** More fires than that are not read one by one. */
const mostListed = 100;

export class AlertSimulation extends HTMLElement {
  static tag = 'docket-alert-simulation';

  constructor() {
    super();
    this.span = spans[0];
    /** How often the alert will be checked, as far as it is known. */
    this.interval = 1;
    /** @type {AlertSettings | null} */
    this.settings = null;
    /** @type {(error: unknown) => boolean} is told what is wrong with the settings, null for nothing, and says whether it shows it */
    this.onverdict = () => false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.request = new AbortController();
    this.chart = new LineChart();
    this.verdict = h('p', { class: 'simulation-verdict', 'aria-live': 'polite' });
    this.note = h('p', { class: 'quiet-text' });
    this.list = h('div');
    this.spanButtons = spans.map((span) => h('button', {
      type: 'button', class: 'button', 'aria-pressed': String(span === this.span), onclick: () => this.choose(span),
    }, span.label));
  }

  connectedCallback() {
    if (this.childElementCount > 0) return;
    this.append(
      h('div', { class: 'simulation-head' },
        h('h2', null, 'What it would have done'),
        h('div', { class: 'segments', role: 'group', 'aria-label': 'How far back' }, ...this.spanButtons)),
      this.verdict, this.chart, this.list, this.note);
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    this.request.abort();
  }

  /** @param {typeof spans[number]} span */
  choose(span) {
    this.span = span;
    this.spanButtons.forEach((button, index) => button.setAttribute('aria-pressed', String(spans[index] === span)));
    this.ask();
  }

  /**
   * Simulates other settings, when nothing more is typed for a moment.
   * @param {AlertSettings} settings
   */
  update(settings) {
    this.settings = settings;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), restMilliseconds);
  }

  async ask() {
    clearTimeout(this.timer);
    this.request.abort();
    const { settings } = this;
    if (!settings) return;
    if (Object.keys(settings.filters).length === 0) {
      this.clear('Say which records it counts, and see here when it would have fired.');
      return;
    }
    this.request = new AbortController();
    this.classList.add('busy');
    try {
      const simulation = await simulateAlert(this.question(settings), { signal: this.request.signal });
      this.onverdict(null);
      this.showSimulation(simulation, settings);
    } catch (error) {
      if (isAborted(error)) return;
      this.clear(this.onverdict(error) ? 'Correct what is marked, and see here when it would have fired.' : detailOf(error));
    }
    this.classList.remove('busy');
  }

  /** @param {AlertSettings} settings */
  question({
    filters, threshold_count, threshold_operator, window_minutes, evaluation_periods, datapoints_to_alarm, cooldown_minutes, recovery_threshold,
    no_data, group_by,
  }) {
    return {
      filters, threshold_count, threshold_operator, window_minutes, evaluation_periods, datapoints_to_alarm, cooldown_minutes, recovery_threshold,
      no_data, group_by, check_interval_minutes: this.simulatedInterval(window_minutes), date_from: this.span.from,
    };
  }

  /** @param {number} window */
  simulatedInterval(window) {
    return Math.min(window, Math.max(this.interval, Math.ceil(this.span.minutes / mostChecks)));
  }

  /** @param {string} text */
  clear(text) {
    this.classList.remove('busy');
    this.verdict.textContent = text;
    this.verdict.classList.remove('fires');
    this.note.textContent = '';
    this.chart.hidden = true;
    replaceChildren(this.list);
  }

  /**
   * @param {Simulation} simulation
   * @param {AlertSettings} settings
   */
  showSimulation(simulation, settings) {
    const clock = preferences.get('clock');
    const { buckets, fire_count: fires } = simulation;
    const last = `the last ${this.span.label}`;
    this.verdict.textContent = fires === 0
      ? `It would not have fired in ${last}.`
      : `It would have fired ${fires === 1 ? 'once' : `${formatCount(fires)} times`} in ${last}.`;
    this.verdict.classList.toggle('fires', fires > 0);
    this.chart.hidden = false;
    this.chart.show({
      label: `Records in ${minutesText(settings.window_minutes)} over ${last}`,
      threshold: simulation.threshold_count,
      breaches: simulation.threshold_operator,
      clock,
      points: buckets.map((check) => ({
        at: Date.parse(check.timestamp), value: check.count, held: check.state === 'firing', mark: markOf(check),
        text: `${formatTime(check.timestamp, clock, 0)}  ${check.reason}`,
      })),
    });
    replaceChildren(this.list, episodesList(buckets, clock));
    this.note.textContent = this.noteText(settings, buckets);
  }

  /**
   * @param {AlertSettings} settings
   * @param {SimulatedCheck[]} buckets
   */
  noteText(settings, buckets) {
    const greatest = buckets.reduce((most, { count }) => Math.max(most, count), 0);
    const left = [
      settings.evaluation_delay_seconds > 0 && 'the evaluation delay', settings.schedule_restriction && 'quiet hours',
    ].filter((text) => typeof text === 'string');
    const interval = everyText(this.simulatedInterval(settings.window_minutes));
    return [
      `${counted(buckets.length, 'check')}, one ${interval}; at most ${counted(greatest, 'record')} in a window.`,
      left.length > 0 && `Left out of the simulation: ${left.join(', ')}.`,
    ].filter(Boolean).join(' ');
  }
}

/**
 * @param {SimulatedCheck} check
 * @returns {'start' | 'end' | ''}
 */
function markOf(check) {
  const notifications = toldBy(check).map(({ notification }) => notification);
  if (notifications.includes('fire')) return 'start';
  return notifications.includes('resolve') ? 'end' : '';
}

/**
 * Something that would have been told.
 * @typedef {object} Told
 * @property {string} timestamp
 * @property {'none' | 'fire' | 'resolve'} notification
 * @property {number} count
 * @property {string | null} group null for the alert as a whole
 */

/**
 * What a check would have told: of the alert, or of those of its groups that changed.
 * @param {SimulatedCheck} check
 * @returns {Told[]}
 */
function toldBy({ timestamp, notification, count, groups }) {
  const all = groups?.map((group) => ({ timestamp, notification: group.notification, count: group.count, group: group.value }))
    ?? [{ timestamp, notification, count, group: null }];
  return all.filter((told) => told.notification !== 'none');
}

/**
 * What would have been announced, the newest first.
 * @param {SimulatedCheck[]} buckets
 * @param {import('../../format/time.js').Clock} clock
 */
function episodesList(buckets, clock) {
  const announced = buckets.flatMap(toldBy).reverse();
  if (announced.length === 0) return null;
  const shown = announced.slice(0, mostListed);
  return h('details', { class: 'simulation-list' },
    h('summary', null, `What it would have told (${formatCount(announced.length)})`),
    h('ol', { tabindex: 0, 'aria-label': 'What it would have told' }, ...shown.map((told, index) => h('li', null,
      h('span', { class: told.notification === 'fire' ? 'told-fire' : 'told-resolve' }, told.notification === 'fire' ? '▲ Fired' : '● Resolved'),
      h('time', { datetime: told.timestamp }, formatTime(told.timestamp, clock, 0)),
      h('span', { class: 'quiet-text' }, told.group === null ? '' : `${told.group} `, toldText(told, announced.slice(index + 1)))))),
    announced.length > shown.length ? h('p', { class: 'quiet-text' }, `and ${formatCount(announced.length - shown.length)} before`) : null);
}

/**
 * @param {Told} told
 * @param {Told[]} earlier the newest first
 */
function toldText(told, earlier) {
  const before = earlier.find(({ group }) => group === told.group);
  if (told.notification === 'resolve' && before?.notification === 'fire') {
    return `after ${spanText(Date.parse(told.timestamp) - Date.parse(before.timestamp))}`;
  }
  return `with ${counted(told.count, 'record')}`;
}

customElements.define(AlertSimulation.tag, AlertSimulation);
