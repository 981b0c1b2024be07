/**
 * `<docket-time-range>`: chooses the range of time. It tells by `docket-range` {from, to}.
 *
 * @typedef {import('../state/range.js').Range} Range
 */

import { h, replaceChildren } from '../dom.js';
import { zoneName } from '../format/time.js';
import { absolute, defaultRange, describeRange, describeSpan, quickRanges, rangeOf, shifted, spanOf, widened } from '../state/range.js';
import { partsOf, timeOf } from '../state/dates.js';
import { settings } from '../state/settings.js';
import { icon } from './icons.js';
import { detailOf } from './empty-state.js';
import { loadPart } from './later.js';

/** Loads what understands ranges as they are typed. */
export const loadTypedRange = () => import('../state/typed-range.js');

let lastPanel = 0;

export class TimeRange extends HTMLElement {
  static tag = 'docket-time-range';

  /** @type {Range} */
  #range = defaultRange;
  #unsubscribe = () => {};

  constructor() {
    super();
    const id = `time-range-${++lastPanel}`;
    this.label = h('span');
    this.button = h('button', {
      type: 'button', class: 'button time-range-button', 'aria-haspopup': 'dialog', 'aria-expanded': 'false',
      onclick: () => this.open(),
    }, icon('clock'), this.label, icon('chevron-down', { size: 14 }));
    this.earlier = this.#iconButton('chevron-left', 'Earlier', () => this.#choose(shifted(this.#range, -1, this.#present)));
    this.later = this.#iconButton('chevron-right', 'Later', () => this.#choose(shifted(this.#range, 1, this.#present)));
    this.zoomOut = this.#iconButton('zoom-out', 'Zoom out', () => this.#choose(widened(this.#range, this.#present)));
    this.typed = h('input', {
      class: 'input', id: `${id}-typed`, autocomplete: 'off', spellcheck: 'false', autofocus: true,
      placeholder: '15m, yesterday, 10:00 - 11:30, nov 20', 'aria-describedby': `${id}-preview`,
      oninput: () => this.#preview(),
    });
    this.preview = h('p', { class: 'time-range-preview', id: `${id}-preview`, role: 'status' });
    this.quick = h('div', { class: 'time-range-quick', role: 'group', 'aria-label': 'Often used' });
    this.fromInput = h('input', { type: 'datetime-local', step: 1, class: 'input', id: `${id}-from` });
    this.toInput = h('input', { type: 'datetime-local', step: 1, class: 'input', id: `${id}-to` });
    this.zones = h('fieldset', { class: 'time-range-zones' }, h('legend', { class: 'visually-hidden' }, 'Times are shown in'));
    this.panel = h('div', { class: 'time-range-panel', popover: 'auto', role: 'dialog', 'aria-label': 'Range of time', id },
      h('form', { class: 'time-range-typed', novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#applyTyped(event) },
        h('label', { for: `${id}-typed` }, 'Range'), this.typed, this.preview),
      this.quick,
      h('form', { class: 'time-range-absolute', novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#applyAbsolute(event) },
        h('div', { class: 'field' }, h('label', { for: `${id}-from` }, 'From'), this.fromInput),
        h('div', { class: 'field' }, h('label', { for: `${id}-to` }, 'To'), this.toInput),
        h('button', { type: 'submit', class: 'button' }, 'Use')),
      this.zones);
    this.panel.addEventListener('toggle', (event) => this.button.setAttribute('aria-expanded', String(/** @type {ToggleEvent} */ (event).newState === 'open')));
  }

  connectedCallback() {
    if (this.childElementCount === 0) {
      this.append(h('div', { class: 'time-range', role: 'group', 'aria-label': 'Range of time' }, this.earlier, this.button, this.later, this.zoomOut), this.panel);
    }
    this.#unsubscribe = settings.subscribe('clock', () => this.#draw());
    this.#draw();
  }

  disconnectedCallback() {
    this.#unsubscribe();
  }

  /** @param {Range} range */
  show({ from, to }) {
    this.#range = { from, to };
    this.#draw();
  }

  /** Opens the panel. */
  open() {
    this.panel.showPopover();
    const at = this.button.getBoundingClientRect();
    const left = Math.min(at.left, window.innerWidth - this.panel.offsetWidth - 8);
    this.panel.style.left = `${Math.max(8, left)}px`;
    this.panel.style.top = `${at.bottom + 4}px`;
    this.typed.value = '';
    void this.#preview();
    this.typed.focus();
  }

  get #present() {
    return { now: Date.now(), clock: settings.get('clock') };
  }

  /**
   * @param {import('./icons.js').IconName} name
   * @param {string} label
   * @param {() => void} onclick
   */
  #iconButton(name, label, onclick) {
    return h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick }, icon(name));
  }

  #draw() {
    const present = this.#present;
    this.label.textContent = describeRange(this.#range, present);
    const span = spanOf(this.#range, present);
    this.button.title = span === null ? '' : `${describeSpan(span, present, false, this.#range.from === 'all')} (${zoneName(present.clock)})`;
    const isAll = this.#range.from === 'all';
    for (const button of [this.earlier, this.zoomOut]) button.disabled = isAll;
    this.later.disabled = isAll || this.#range.to === 'now';
    replaceChildren(this.quick, quickRanges.map((range) => h('button', {
      type: 'button', class: 'button quiet small', 'aria-pressed': String(range.from === this.#range.from && range.to === this.#range.to),
      onclick: () => this.#choose(range),
    }, describeRange(range, present))));
    this.#drawZones();
    this.#drawAbsolute();
  }

  #drawZones() {
    const clock = settings.get('clock');
    const [legend] = this.zones.children;
    replaceChildren(this.zones, legend, /** @type {const} */ (['local', 'utc']).map((zone) =>
      h('label', { class: 'check' },
        h('input', { type: 'radio', name: `${this.panel.id}-zone`, value: zone, checked: clock === zone, onchange: () => settings.set('clock', zone) }),
        zone === 'utc' ? 'UTC' : `Local, ${zoneName('local')}`)));
  }

  #drawAbsolute() {
    const span = spanOf(absolute(this.#range, this.#present), this.#present);
    if (span === null) return;
    this.fromInput.value = inputValue(span.start, settings.get('clock'));
    this.toInput.value = inputValue(span.end, settings.get('clock'));
  }

  async #preview() {
    this.typed.toggleAttribute('aria-invalid', false);
    const understand = await this.#understanding();
    const text = this.typed.value;
    if (understand === null) return;
    const range = understand(text, this.#present);
    const span = range === null ? null : spanOf(range, this.#present);
    if (text.trim() === '') {
      this.preview.textContent = 'Type a range, then Enter';
    } else if (range === null || span === null) {
      this.preview.textContent = 'Not understood: try 15m, yesterday or 10:00 - 11:30';
    } else {
      const name = describeRange(range, this.#present);
      const words = describeSpan(span, this.#present, range.to === 'now', range.from === 'all');
      this.preview.textContent = name === words ? words : `${name}: ${words}`;
    }
  }

  /** @param {Event} event */
  async #applyTyped(event) {
    event.preventDefault();
    const understand = await this.#understanding();
    const range = understand?.(this.typed.value, this.#present) ?? null;
    if (range !== null) this.#choose(range);
    else this.typed.setAttribute('aria-invalid', 'true');
  }

  /** What understands a range as it is typed; null, which is said, if it cannot be loaded. */
  async #understanding() {
    try {
      const { parseTypedRange } = await loadPart(loadTypedRange);
      return parseTypedRange;
    } catch (error) {
      this.preview.textContent = detailOf(error);
      return null;
    }
  }

  /** @param {Event} event */
  #applyAbsolute(event) {
    event.preventDefault();
    const clock = settings.get('clock');
    const start = timeOfInput(this.fromInput.value, clock);
    const end = timeOfInput(this.toInput.value, clock);
    const isWrong = start === null || end === null || end <= start;
    this.toInput.setCustomValidity(isWrong ? 'Choose a start, and an end after it.' : '');
    if (isWrong) this.toInput.reportValidity();
    else this.#choose(rangeOf({ start, end }));
  }

  /** @param {Range} range */
  #choose({ from, to }) {
    this.panel.hidePopover();
    this.dispatchEvent(new CustomEvent('docket-range', { bubbles: true, detail: { from, to } }));
  }
}

/**
 * A time as the browser's input has it: without a zone.
 * @param {number} time
 * @param {import('../format/time.js').Clock} clock
 */
function inputValue(time, clock) {
  const [year, month, ...rest] = partsOf(time, clock);
  const [day, hour, minute, second] = rest.map((part) => String(part).padStart(2, '0'));
  return `${String(year).padStart(4, '0')}-${String(month + 1).padStart(2, '0')}-${day}T${hour}:${minute}:${second}`;
}

/**
 * @param {string} value
 * @param {import('../format/time.js').Clock} clock
 * @returns {number | null}
 */
function timeOfInput(value, clock) {
  const [year, month, ...rest] = value.split(/[-T:.]/).map(Number);
  return value === '' || Number.isNaN(year) ? null : timeOf(clock, year, month - 1, ...rest.slice(0, 4));
}

customElements.define(TimeRange.tag, TimeRange);
