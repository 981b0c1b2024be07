/**
 * Which messages the records are made of: how many of each there are, when they came, and
 * whether they are more or fewer than a week before.
 *
 * @typedef {import('../../api/types.js').Pattern} Pattern
 * @typedef {import('../../api/types.js').PatternChange} PatternChange
 * @typedef {import('../../api/types.js').PatternsAnswer} PatternsAnswer
 */

import { isAborted } from '../../api/client.js';
import { patterns, patternsDiff } from '../../api/logs.js';
import { h, replaceChildren } from '../../dom.js';
import { detailOf, emptyState, errorState, loadingState } from '../../elements/empty-state.js';
import { icon } from '../../elements/icons.js';
import { formatCount } from '../../format/number.js';
import { patternRow } from './patterns-row.js';

/** How many patterns are shown at once. */
const shownAtOnce = 50;

/**
 * @typedef {{q: string, from: string, to: string}} PatternsState
 */

/** Dispatches, bubbling, `docket-search` {q, tab} with the search text for a pattern's records. */
export class PatternsElement extends HTMLElement {
  /** @type {PatternsState} */
  #state = { q: '', from: '', to: '' };
  #asked = '';
  #running = new AbortController();
  #shown = shownAtOnce;
  /** @type {PatternsAnswer | null} */
  #answer = null;
  /** How each pattern has changed; null as long as that is not known. @type {Map<string, PatternChange> | null} */
  #changes = null;
  /** Why the changes are not known. */
  #problem = '';

  disconnectedCallback() {
    this.#running.abort();
  }

  /**
   * Shows the patterns of what a search finds. The same question is not asked again: see refresh.
   * @param {PatternsState} state
   */
  show(state) {
    const asked = JSON.stringify([state.q, state.from, state.to]);
    this.#state = state;
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.refresh();
  }

  /** Asks anew. */
  async refresh() {
    this.#running.abort();
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.#shown = shownAtOnce;
    this.#answer = null;
    this.#changes = null;
    this.#problem = '';
    replaceChildren(this, loadingState('Looking for patterns in the messages…'));
    const { q, from, to } = this.#state;
    const question = { q, dateRange: { date_from: from, date_to: to === 'now' ? null : to } };
    try {
      this.#answer = await patterns(question, { signal });
      this.#draw();
    } catch (error) {
      if (!isAborted(error)) replaceChildren(this, errorState(error, () => this.refresh()));
      return;
    }
    try {
      const { entries } = await patternsDiff(question, { signal });
      this.#changes = new Map(entries.map((entry) => [entry.pattern.pattern, entry]));
    } catch (error) {
      if (isAborted(error)) return;
      this.#problem = detailOf(error);
    }
    this.#draw();
  }

  #draw() {
    const answer = this.#answer;
    if (!answer) return;
    if (answer.patterns.length === 0) {
      replaceChildren(this, emptyState({ title: 'No messages here', text: 'The search finds no records in this time. Look at a longer time, or leave a condition out.', icon: 'search' }));
      return;
    }
    const focused = document.activeElement?.getAttribute('data-key');
    const open = new Set([...this.querySelectorAll('details[open] > summary')].map((summary) => summary.getAttribute('data-key')));
    const most = answer.patterns[0].estimated_count;
    const gone = [...(this.#changes?.values() ?? [])].filter(({ classification }) => classification === 'gone');
    replaceChildren(this,
      h('div', { class: 'patterns-summary toolbar' }, h('p', null, summary(answer)), h('p', { class: 'push quiet-text', role: 'status' }, this.#changeNote(gone.length))),
      h('div', { class: 'patterns-scroller', tabindex: 0, role: 'group', 'aria-label': 'Patterns' },
        h('table', { class: 'patterns-table' },
          h('thead', null, h('tr', null,
            h('th', { scope: 'col' }, 'Trend'),
            h('th', { scope: 'col', class: 'number' }, 'Records'),
            h('th', { scope: 'col', class: 'number' }, 'Share'),
            h('th', { scope: 'col' }, 'Week before'),
            h('th', { scope: 'col' }, 'Pattern'))),
          h('tbody', null, answer.patterns.slice(0, this.#shown).map((pattern) => this.#row(pattern, most, this.#changes?.get(pattern.pattern) ?? null))),
          gone.length > 0 && h('tbody', null,
            h('tr', { class: 'patterns-heading' }, h('th', { colspan: 5, scope: 'colgroup' }, 'Gone since the week before')),
            gone.map((entry) => this.#row(entry.pattern, most, entry)))),
        answer.patterns.length > this.#shown && h('button', { type: 'button', class: 'button quiet small patterns-more', onclick: () => this.#showAll() }, `Show all ${formatCount(answer.patterns.length)} patterns`)),
    );
    for (const details of this.querySelectorAll('details')) details.open = open.has(details.firstElementChild?.getAttribute('data-key') ?? '');
    const again = focused && this.querySelector(`[data-key="${CSS.escape(focused)}"]`);
    if (again instanceof HTMLElement) again.focus();
  }

  #showAll() {
    this.#shown = Infinity;
    this.#draw();
  }

  /** @param {Pattern} pattern @param {number} most @param {PatternChange | null} change */
  #row(pattern, most, change) {
    return patternRow(pattern, {
      q: this.#state.q, most, change, isPending: this.#changes === null && this.#problem === '',
      onsearch: (q) => this.dispatchEvent(new CustomEvent('docket-search', { bubbles: true, detail: { q, tab: 'logs' } })),
    });
  }

  /** @param {number} gone */
  #changeNote(gone) {
    if (this.#problem) return `The week before could not be compared. ${this.#problem}`;
    if (!this.#changes) return 'Comparing with the week before…';
    const all = [...this.#changes.values()];
    /** @param {string} kind */
    const count = (kind) => all.filter(({ classification }) => classification === kind).length;
    return [icon('diff'), `Against the week before: ${count('new')} new, ${count('rate_shift')} changed, ${gone} gone`];
  }
}

customElements.define('docket-patterns', PatternsElement);

/** @param {PatternsAnswer} answer */
function summary({ patterns: found, scanned_count: scanned, total_count: total, sampled }) {
  const text = `${formatCount(found.length)} patterns in ${formatCount(total)} records`;
  return sampled ? `${text}. The newest ${formatCount(scanned)} were looked at; counts are estimates from these.` : text;
}
