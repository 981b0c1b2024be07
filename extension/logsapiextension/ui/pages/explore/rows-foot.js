/** What stands below the rows: that there are more, none, or that something is wrong. */

import { h, replaceChildren } from '../../dom.js';
import { emptyState, errorState, loadingState } from '../../elements/empty-state.js';
import { toast } from '../../elements/toast.js';
import { counted, formatCount } from '../../format/number.js';
import { link, navigate } from '../../state/route.js';

/**
 * @typedef {{kind: 'loading', text: string} | {kind: 'more'} | {kind: 'end', count: number}
 *   | {kind: 'full', count: number} | {kind: 'empty', q: string} | {kind: 'waiting', q: string}
 *   | {kind: 'error', error: unknown} | {kind: 'failed', problem: string}} FootState
 */

export class RowsFoot {
  element = h('div', { class: 'rows-foot' });
  /** @type {FootState['kind'] | ''} */
  kind = '';
  #actions;

  /** @param {{more: () => void, again: () => void}} actions more reads on, again begins anew */
  constructor(actions) {
    this.#actions = actions;
  }

  /** @param {FootState} state */
  show(state) {
    if (state.kind === this.kind && state.kind === 'waiting') return;
    this.kind = state.kind;
    replaceChildren(this.element, this.#content(state));
  }

  /**
   * Says that the record which the address names is not among the rows.
   * @param {string} id
   */
  elsewhere(id) {
    toast('The record of this link is not among those that the search finds.', {
      action: { label: 'Open it alone', onselect: () => navigate(['record'], { id }) },
    });
  }

  /** @param {FootState} state */
  #content(state) {
    switch (state.kind) {
      case 'loading':
        return loadingState(state.text);
      case 'more':
        return h('button', { type: 'button', class: 'button quiet small', onclick: this.#actions.more }, 'Show more');
      case 'end':
        return h('p', { class: 'quiet-text' }, state.count === 1 ? 'That is the only record.' : `That is all: ${counted(state.count, 'record')}.`);
      case 'full':
        return h('p', { class: 'quiet-text' }, `The first ${formatCount(state.count)} records are here, which is as many as a page holds. Choose a shorter time, or export them all.`);
      case 'empty':
        return nothingFound(state.q);
      case 'waiting':
        return loadingState(state.q ? 'Waiting for the next record that the search finds…' : 'Waiting for the next record…');
      case 'failed':
        return emptyState({ title: 'Records cannot be followed', text: state.problem, icon: 'error', actions: [{ label: 'Try again', onselect: this.#actions.again }] });
      case 'error':
        return errorState(state.error, this.#actions.more);
    }
  }
}

/** @param {string} q */
function nothingFound(q) {
  return emptyState({
    title: 'No records here',
    icon: 'search',
    text: q
      ? 'Nothing in this time matches the search. Look at a longer time, or leave a condition out.'
      : 'Nothing was recorded in this time. Look at a longer time.',
    actions: [
      { label: 'Look at the last 7 days', href: link(['explore'], { q, from: '-7d' }), primary: true },
      ...(q ? [{ label: 'Search for everything', href: link(['explore'], { from: '-7d' }) }] : []),
    ],
  });
}
