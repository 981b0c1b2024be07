/**
 * What a language model says of a record. Nothing is sent until somebody asks for it; while no
 * model is configured it says how one is.
 */
import { ApiError, isAborted } from '../../api/client.js';
import { explainRecord } from '../../api/explain.js';
import { h, replaceChildren } from '../../dom.js';
import { errorState, loadingState } from '../../elements/empty-state.js';
import { icon } from '../../elements/icons.js';
import { describeTime, relativeTime } from '../../format/time.js';
import { session } from '../../state/session.js';
import { explainOff } from './explain-off.js';

/** @typedef {import('../../api/explain.js').Explanation} Explanation */

const severities = Object.freeze({
  ok: { label: 'Nothing to worry about', symbol: '●' },
  warning: { label: 'Worth a look', symbol: '▲' },
  error: { label: 'Error', symbol: '■' },
  critical: { label: 'Critical', symbol: '◆' },
});
const priorities = Object.freeze({ now: 'now', soon: 'soon', later: 'later' });
const confidences = Object.freeze({ high: 'likely', medium: 'possible', low: 'unlikely' });

/** `<docket-explain record-id timestamp>`: of the record with the id at the time. */
export class Explain extends HTMLElement {
  static tag = 'docket-explain';
  static observedAttributes = ['record-id', 'timestamp'];

  constructor() {
    super();
    this.request = new AbortController();
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
    this.drawn = '';
  }

  connectedCallback() {
    this.begin();
    this.timer = setInterval(() => this.tick(), 10_000);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
    this.request.abort();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.begin();
  }

  /** Offers to explain the record, unless that is what is shown already. */
  begin() {
    const wanted = `${this.getAttribute('record-id')} ${this.getAttribute('timestamp')}`;
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    this.request.abort();
    if (!session.mayWrite) {
      replaceChildren(this, h('p', { class: 'quiet-text' }, 'Your key may not ask for explanations: that needs the scope logs:write, since each may cost something.'));
      return;
    }
    replaceChildren(this, h('div', { class: 'explain-offer' },
      h('button', { type: 'button', class: 'button', onclick: () => this.ask(false) }, icon('sparkle'), 'Explain this record'),
      h('p', { class: 'quiet-text' },
        'Sends the record, and up to ten of its service before and after it, to the language model that the operator has chosen. What looks like a secret is taken out before.')));
  }

  /** @param {boolean} redo asks the model again, though there is an answer */
  async ask(redo) {
    this.request.abort();
    this.request = new AbortController();
    replaceChildren(this, loadingState('Asking the language model …'));
    try {
      const explanation = await explainRecord(
        { id: this.getAttribute('record-id') ?? '', timestamp: this.getAttribute('timestamp') ?? '', redo }, { signal: this.request.signal });
      this.draw(explanation);
    } catch (error) {
      if (isAborted(error)) return;
      const isOff = error instanceof ApiError && error.status === 403;
      replaceChildren(this, isOff ? explainOff(error.detail, () => this.ask(false)) : errorState(error, () => this.ask(redo)));
    }
  }

  /** @param {Explanation} explanation */
  draw(explanation) {
    const { severity_assessment: severity, generated_at: at } = explanation;
    const { label, symbol } = severities[severity] ?? severities.warning;
    replaceChildren(this,
      h('div', { class: 'explain-head', dataset: { severity } },
        h('p', { class: 'explain-severity' }, h('span', { 'aria-hidden': 'true' }, symbol), ` ${label}`),
        h('h3', null, explanation.headline),
        h('p', null, explanation.impact_summary)),
      h('section', null, h('h4', null, 'Probable causes'), h('ol', { class: 'explain-list' }, ...explanation.probable_causes.map(({ hypothesis, confidence, reasoning }) =>
        h('li', null, h('div', { class: 'explain-claim' }, h('strong', null, hypothesis), h('span', { class: 'badge' }, confidences[confidence] ?? confidence)), h('p', null, reasoning))))),
      h('section', null, h('h4', null, 'What to do'), h('ol', { class: 'explain-list' }, ...explanation.immediate_actions.map(({ action, priority, why }) =>
        h('li', null, h('div', { class: 'explain-claim' }, h('strong', null, action), h('span', { class: `badge ${priority === 'now' ? 'danger' : ''}`.trim() }, priorities[priority] ?? priority)), h('p', null, why))))),
      h('section', null, h('h4', null, 'In detail'), h('p', { class: 'explain-text' }, explanation.technical_explanation)),
      keyFields(explanation),
      h('footer', { class: 'explain-foot' },
        h('span', { class: 'quiet-text' }, 'By a language model that has seen only these records · ',
          h('time', { datetime: at, title: describeTime(at) }, relativeTime(Date.parse(at))), explanation.from_cache ? ' · kept from before' : ''),
        h('button', { type: 'button', class: 'button small', onclick: () => this.ask(true) }, icon('refresh', { size: 14 }), 'Redo')));
  }

  /** Lets the age grow. */
  tick() {
    const time = this.querySelector('.explain-foot time');
    if (time) time.textContent = relativeTime(Date.parse(time.getAttribute('datetime') ?? ''));
  }
}

/** @param {Explanation} explanation */
function keyFields({ key_fields: fields }) {
  if (fields.length === 0) return null;
  return h('section', null, h('h4', null, 'Fields that matter'), h('dl', { class: 'explain-fields' }, ...fields.map(({ field, value, significance }) =>
    h('div', null, h('dt', { class: 'mono' }, field), h('dd', null, h('span', { class: 'mono explain-value' }, value), h('p', { class: 'quiet-text' }, significance))))));
}

customElements.define(Explain.tag, Explain);
