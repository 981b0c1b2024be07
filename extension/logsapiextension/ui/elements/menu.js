/**
 * Menus that open at a button.
 * @module
 */

import { h } from '../dom.js';
import { icon } from './icons.js';

/**
 * @typedef {object} MenuItem
 * @property {string} label
 * @property {string} [hint] a few quiet words at the right, such as a key
 * @property {import('./icons.js').IconName} [icon]
 * @property {() => void} [onselect]
 * @property {boolean} [disabled]
 * @property {boolean} [checked] given for a choice among several: whether it is the present one
 *
 * @typedef {{heading: string} | {separator: true}} MenuDivider
 */

const gap = 4;
const margin = 8;

/**
 * Opens a menu below the anchor, or above where there is more room. Arrow keys, Home, End and
 * first letters move in it, Escape and whatever is clicked beside it close it.
 * @param {HTMLElement} anchor gets the focus back; its `aria-expanded` says whether the menu is open
 * @param {(MenuItem | MenuDivider)[]} items
 * @param {{label?: string, onclose?: () => void}} [options] label is what the menu is called; that of the anchor by default
 * @returns {{close: () => void}}
 */
export function openMenu(anchor, items, { label, onclose } = {}) {
  const menu = h('div', {
    class: 'menu', role: 'menu', popover: 'auto', tabindex: -1,
    'aria-label': label ?? anchor.getAttribute('aria-label') ?? anchor.textContent?.trim() ?? 'Menu',
  });
  const close = () => menu.hidePopover();
  menu.append(...items.map((item) => entry(item, close)));
  menu.addEventListener('keydown', (event) => move(menu, event));
  // The one that has the focus is where Tab would come in: a menu that scrolls must be reachable.
  menu.addEventListener('focusin', (event) => {
    for (const button of buttonsOf(menu)) button.tabIndex = button === event.target ? 0 : -1;
  });
  menu.addEventListener('toggle', (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== 'closed') return;
    const hadFocus = menu.contains(document.activeElement) || document.activeElement === document.body;
    menu.remove();
    anchor.setAttribute('aria-expanded', 'false');
    if (hadFocus && anchor.isConnected) anchor.focus();
    onclose?.();
  });
  // Outside of an open dialog everything is inert.
  (anchor.closest('dialog') ?? document.body).append(menu);
  anchor.setAttribute('aria-haspopup', 'menu');
  anchor.setAttribute('aria-expanded', 'true');
  menu.showPopover();
  place(menu, anchor);
  (buttonsOf(menu).find((button) => button.getAttribute('aria-checked') === 'true') ?? buttonsOf(menu)[0])?.focus();
  return { close };
}

/**
 * @param {MenuItem | MenuDivider} item
 * @param {() => void} close
 */
function entry(item, close) {
  if ('separator' in item) return h('hr', { role: 'separator' });
  if ('heading' in item) return h('div', { class: 'menu-heading', role: 'presentation' }, item.heading);
  const isChoice = item.checked !== undefined;
  return h(
    'button',
    {
      type: 'button', tabindex: -1, role: isChoice ? 'menuitemradio' : 'menuitem',
      'aria-checked': isChoice ? String(item.checked) : null, 'aria-disabled': item.disabled ? 'true' : null,
      onclick: () => {
        if (item.disabled) return;
        close();
        item.onselect?.();
      },
    },
    isChoice && (item.checked ? icon('check') : h('span', { class: 'menu-blank' })),
    item.icon && icon(item.icon),
    h('span', null, item.label),
    item.hint && h('span', { class: 'menu-hint' }, item.hint),
  );
}

/**
 * @param {HTMLElement} menu
 * @returns {HTMLButtonElement[]}
 */
function buttonsOf(menu) {
  return [...menu.querySelectorAll('button')];
}

/**
 * @param {HTMLElement} menu
 * @param {KeyboardEvent} event
 */
function move(menu, event) {
  const buttons = buttonsOf(menu);
  const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  let next;
  if (event.key === 'ArrowDown') next = buttons[(at + 1) % buttons.length];
  else if (event.key === 'ArrowUp') next = buttons.at(at <= 0 ? -1 : at - 1);
  else if (event.key === 'Home') next = buttons[0];
  else if (event.key === 'End') next = buttons.at(-1);
  else if (event.key === 'Tab') menu.hidePopover();
  else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const letter = event.key.toLocaleLowerCase();
    next = [...buttons.slice(at + 1), ...buttons.slice(0, at + 1)].find((button) => startsWith(button, letter));
  } else return;
  event.stopPropagation();
  if (event.key !== 'Tab') event.preventDefault();
  next?.focus();
}

/**
 * @param {HTMLElement} button
 * @param {string} letter
 */
function startsWith(button, letter) {
  return button.textContent?.trim().toLocaleLowerCase().startsWith(letter) ?? false;
}

/**
 * @param {HTMLElement} menu
 * @param {HTMLElement} anchor
 */
function place(menu, anchor) {
  const at = anchor.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const below = window.innerHeight - at.bottom - gap - margin;
  const isBelow = size.height <= below || below >= at.top;
  const left = Math.min(at.left, window.innerWidth - size.width - margin);
  menu.style.left = `${Math.max(margin, left)}px`;
  menu.style.top = `${Math.max(margin, isBelow ? at.bottom + gap : at.top - gap - size.height)}px`;
}
