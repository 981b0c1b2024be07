/**
 * What stands where something would be: nothing there, something wrong, or on its way.
 * @module
 */

import { h } from '../dom.js';
import { ApiError } from '../api/client.js';
import { icon } from './icons.js';

/**
 * A button, or a link when it has an address.
 * @typedef {{label: string, href?: string, onselect?: () => void, primary?: boolean}} StateAction
 */

/**
 * Nothing is there: says why, and what to do next.
 * @param {object} content
 * @param {string} content.title
 * @param {import('../dom.js').Child} [content.text]
 * @param {StateAction[]} [content.actions]
 * @param {import('./icons.js').IconName} [content.icon]
 * @returns {HTMLElement}
 */
export function emptyState({ title, text, actions = [], icon: name }) {
  return h('div', { class: 'state' },
    name && icon(name, { size: 24 }),
    h('p', { class: 'state-title' }, title),
    text && h('p', null, text),
    buttons(actions));
}

/**
 * Something failed: says what, and offers to try again.
 * @param {unknown} error
 * @param {(() => void) | null} [retry]
 * @returns {HTMLElement}
 */
export function errorState(error, retry = null) {
  return h('div', { class: 'state error', role: 'alert' },
    icon('error', { size: 24 }),
    h('p', { class: 'state-title' }, titleOf(error)),
    h('p', null, detailOf(error)),
    buttons(retry ? [{ label: 'Try again', onselect: retry }] : []));
}

/**
 * Something is on its way.
 * @param {string} [text]
 * @returns {HTMLElement}
 */
export function loadingState(text = 'Loading…') {
  return h('div', { class: 'state', role: 'status' }, h('span', { class: 'spinner', 'aria-hidden': 'true' }), h('p', null, text));
}

/**
 * What an error says to the person at the page.
 * @param {unknown} error
 * @returns {string}
 */
export function detailOf(error) {
  if (error instanceof ApiError) {
    return error.retryAfter ? `${error.detail} Try again in ${error.retryAfter} s.` : error.detail;
  }
  return `The page failed: ${error instanceof Error ? error.message : String(error)}`;
}

/** @param {unknown} error */
function titleOf(error) {
  if (!(error instanceof ApiError)) return 'Something went wrong';
  if (error.status === 0) return 'No connection';
  if (error.status === 400) return 'This question cannot be answered';
  if (error.status === 403) return 'Your key may not do this';
  if (error.status === 404) return 'Not found';
  if (error.status === 429 || error.status === 503) return 'Docket is busy';
  if (error.status === 504) return 'This took too long';
  return 'Something went wrong';
}

/** @param {StateAction[]} actions */
function buttons(actions) {
  if (actions.length === 0) return null;
  return h('div', { class: 'toolbar' }, actions.map(({ label, href, onselect, primary }) =>
    h(href ? 'a' : 'button', { class: primary ? 'button primary' : 'button', type: href ? null : 'button', href, onclick: onselect }, label)));
}
