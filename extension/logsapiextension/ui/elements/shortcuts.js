/**
 * Keys that do something, and the sheet that lists them.
 * @module
 */

import { h } from '../dom.js';
import { settings } from '../state/settings.js';
import { openDialog } from './dialog.js';

/** How long after the first key of two the second may come, in milliseconds. */
const sequenceTime = 1_200;

const isApple = /Mac|iPhone|iPad/.test(navigator.platform);

/**
 * @typedef {object} Shortcut
 * @property {string} key
 * @property {string} label
 * @property {(event: KeyboardEvent) => void | boolean} handler
 * @property {string} group
 */

class Shortcuts {
  /** @type {Shortcut[]} */
  #all = [];
  /** The first key of two that was pressed a moment ago. */
  #begun = '';
  #begunTimer = 0;

  constructor() {
    document.addEventListener('keydown', (event) => this.#press(event));
    this.add('?', 'Show these keys', () => this.openSheet(), { group: 'Everywhere' });
  }

  /**
   * Adds a key. Of several for the same key the one that was added last has it, or if its
   * handler returns false, the one before.
   * @param {string} key as KeyboardEvent names it (`j`, `/`, `Escape`, `ArrowDown`), maybe after `Mod+`
   *   (Ctrl, or Command on Apple's), `Shift+` or `Alt+`; or two keys one after the other: `g e`
   * @param {string} label what it does, for the sheet; "" keeps it off the sheet
   * @param {(event: KeyboardEvent) => void | boolean} handler
   * @param {{group?: string}} [options] group is the heading in the sheet
   * @returns {() => void} removes it
   */
  add(key, label, handler, { group = 'This page' } = {}) {
    const shortcut = { key, label, handler, group };
    this.#all.push(shortcut);
    return () => {
      this.#all = this.#all.filter((other) => other !== shortcut);
    };
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open], .menu:popover-open')) return;
    const pressed = nameOf(event);
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== 'Escape';
    if (isPlain && (isTyping(event) || isPressing(event))) return;
    if (isPlain && event.key.length === 1 && !settings.get('shortcuts')) return;
    const sequence = this.#begun && `${this.#begun} ${pressed}`;
    this.#begun = '';
    clearTimeout(this.#begunTimer);
    if ((sequence && this.#run(sequence, event)) || this.#run(pressed, event)) return;
    if (this.#all.some(({ key }) => key.startsWith(`${pressed} `))) {
      this.#begun = pressed;
      this.#begunTimer = setTimeout(() => (this.#begun = ''), sequenceTime);
    }
  }

  /**
   * @param {string} key
   * @param {KeyboardEvent} event
   */
  #run(key, event) {
    for (const shortcut of this.#all.filter((one) => one.key === key).reverse()) {
      if (shortcut.handler(event) === false) continue;
      event.preventDefault();
      return true;
    }
    return false;
  }

  /** Opens the list of all keys that do something now. */
  openSheet() {
    const listed = this.#all.filter(({ label }) => label !== '');
    const groups = Map.groupBy(listed, ({ group }) => group);
    const single = h('input', {
      type: 'checkbox', checked: settings.get('shortcuts'),
      onchange: () => settings.set('shortcuts', single.checked),
    });
    openDialog({
      title: 'Keyboard',
      body: h('div', { class: 'shortcut-sheet' },
        [...groups].map(([group, shortcuts]) => h('section', null,
          h('h3', null, group),
          h('dl', null, shortcuts.map(({ key, label }) => h('div', null, h('dt', null, keyCaps(key)), h('dd', null, label)))))),
        h('label', { class: 'check' }, single, 'Keys without Ctrl, Alt or Command do something')),
    });
  }
}

export const shortcuts = new Shortcuts();

/** @param {KeyboardEvent} event */
function nameOf(event) {
  const modifiers = [
    (isApple ? event.metaKey : event.ctrlKey) && 'Mod+',
    event.altKey && 'Alt+',
    // With a character, Shift is in the character already.
    event.shiftKey && event.key.length > 1 && 'Shift+',
  ].filter(Boolean).join('');
  return modifiers + (modifiers && event.key.length === 1 ? event.key.toLowerCase() : event.key);
}

/** @param {KeyboardEvent} event */
function isTyping(event) {
  const at = event.composedPath()[0];
  if (!(at instanceof HTMLElement)) return false;
  if (at instanceof HTMLInputElement) return !['checkbox', 'radio', 'button'].includes(at.type);
  return at.isContentEditable || at.matches('textarea, select');
}

/**
 * Reports whether the key presses what has the focus.
 * @param {KeyboardEvent} event
 */
function isPressing(event) {
  const at = event.composedPath()[0];
  return (event.key === 'Enter' || event.key === ' ') && at instanceof HTMLElement
    && at.matches('a, button, summary, input, [role="option"], [role="tab"], [role="treeitem"], [role="slider"]');
}

/** @param {string} key */
function keyCaps(key) {
  return key.split(' ').map((one, index) => [index > 0 && ' then ', one.split('+').map((part) => h('kbd', null, words[part] ?? part))]);
}

/** @type {Record<string, string>} */
const words = {
  Mod: isApple ? '⌘' : 'Ctrl', Alt: isApple ? '⌥' : 'Alt', Shift: '⇧', Escape: 'Esc',
  ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', Enter: '↵',
};
