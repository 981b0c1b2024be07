/**
 * Short notices at the corner of the window.
 * @module
 */

import { h } from '../dom.js';
import { icon } from './icons.js';

/** How long a notice stays, in milliseconds; errors and those with an action stay longer. */
const shortTime = 5_000;
const longTime = 12_000;

/**
 * Shows a notice, which is also read out.
 * @param {string} text
 * @param {object} [options]
 * @param {'info' | 'error'} [options.kind]
 * @param {{label: string, onselect: () => void} | null} [options.action] such as Undo
 */
export function toast(text, { kind = 'info', action = null } = {}) {
  const list = region();
  const close = () => {
    clearTimeout(timer);
    element.remove();
    if (list.childElementCount === 0) list.hidePopover();
  };
  const element = h(
    'div',
    { class: 'toast', role: kind === 'error' ? 'alert' : 'status', dataset: { kind } },
    icon(kind === 'error' ? 'error' : 'check'),
    h('span', null, text),
    action && h('button', {
      type: 'button', class: 'button small',
      onclick: () => {
        close();
        action.onselect();
      },
    }, action.label),
    h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Dismiss', onclick: close }, icon('close')),
  );
  const time = kind === 'error' || action ? longTime : shortTime;
  let timer = setTimeout(close, time);
  // What somebody reads or is about to press stays.
  element.addEventListener('pointerenter', () => clearTimeout(timer));
  element.addEventListener('focusin', () => clearTimeout(timer));
  element.addEventListener('pointerleave', () => (timer = setTimeout(close, time)));
  list.append(element);
  // Shown anew, it is above what was opened since, such as a dialog.
  list.hidePopover();
  list.showPopover();
}

/** @returns {HTMLElement} the place of all notices, inside the topmost dialog, outside of which nothing can be pressed */
function region() {
  const parent = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
  const present = parent.querySelector(':scope > .toasts');
  if (present instanceof HTMLElement) return present;
  const made = h('div', { class: 'toasts', role: 'region', 'aria-label': 'Notices', popover: 'manual' });
  parent.append(made);
  return made;
}
