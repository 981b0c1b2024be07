/**
 * Modal dialogs.
 * @module
 */

import { h } from '../dom.js';
import { icon } from './icons.js';

let lastTitle = 0;

/**
 * A button at the foot of a dialog. The dialog closes after `onselect`, unless that returns
 * false or a promise of it; while a promise is open, the button waits.
 * @typedef {object} DialogAction
 * @property {string} label
 * @property {'primary' | 'danger' | ''} [kind]
 * @property {(() => void | boolean | Promise<void | boolean>) | null} [onselect] null only closes
 */

/**
 * Opens a dialog. Escape and its close button close it; then the focus returns to where it was.
 * @param {object} content
 * @param {string} content.title
 * @param {import('../dom.js').Child} content.body
 * @param {DialogAction[]} [content.actions] the last is what the dialog is for
 * @param {() => void} [content.onclose] is called after it is closed, however that came
 * @param {boolean} [content.wide]
 * @returns {{close: () => void, element: HTMLDialogElement}}
 */
export function openDialog({ title, body, actions = [], onclose, wide = false }) {
  const titleID = `dialog-title-${++lastTitle}`;
  const close = () => element.close();
  const element = h(
    'dialog',
    { class: wide ? 'dialog wide' : 'dialog', 'aria-labelledby': titleID },
    h('header', null,
      h('h2', { id: titleID }, title),
      h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Close', onclick: close }, icon('close'))),
    // What scrolls must be reachable by keyboard.
    h('div', { class: 'dialog-body', tabindex: 0, role: 'group', 'aria-labelledby': titleID }, body),
    actions.length > 0 && h('footer', null, actions.map((action) => actionButton(action, close))),
  );
  element.addEventListener('close', () => {
    keepNotices(element);
    element.remove();
    onclose?.();
  });
  element.addEventListener('click', (event) => {
    if (event.target === element && isOnBackdrop(element, event)) close();
  });
  document.body.append(element);
  element.showModal();
  const content = element.querySelector('.dialog-body');
  const first = element.querySelector('[autofocus]') ?? content?.querySelector('input, select, textarea');
  if (first instanceof HTMLElement) first.focus();
  return { close, element };
}

/**
 * Keeps the notices that were shown in a dialog, mostly of what it has just done.
 * @param {HTMLDialogElement} element
 */
function keepNotices(element) {
  const notices = element.querySelector(':scope > .toasts');
  if (!(notices instanceof HTMLElement) || notices.childElementCount === 0) return;
  document.body.append(notices);
  notices.showPopover();
}

/**
 * @param {DialogAction} action
 * @param {() => void} close
 */
function actionButton({ label, kind = '', onselect = null }, close) {
  const button = h('button', { type: 'button', class: `button ${kind}`.trim() }, label);
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      if ((await onselect?.()) !== false) close();
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

/**
 * The backdrop counts as the dialog itself: only the place tells them apart.
 * @param {HTMLElement} element
 * @param {MouseEvent} event
 */
function isOnBackdrop(element, event) {
  const box = element.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}
