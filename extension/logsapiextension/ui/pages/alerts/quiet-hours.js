/**
 * The part of an alert's form that says when nothing is announced.
 */
import { h, replaceChildren } from '../../dom.js';

/** @typedef {import('../../api/alerts.js').QuietHours} QuietHours */

export class QuietHoursField {
  /**
   * @param {QuietHours | null} hours
   * @param {() => void} onchange
   */
  constructor(hours, onchange) {
    this.name = 'schedule_restriction';
    this.onchange = onchange;
    this.windows = (hours?.blocked_windows ?? []).map(({ start, end }) => ({ start, end }));
    this.rows = h('div', { class: 'quiet-hours' });
    this.error = h('p', { class: 'error', id: 'quiet-hours-error', hidden: true });
    this.control = h('button', { type: 'button', class: 'button', 'aria-describedby': this.error.id, onclick: () => this.add() }, 'Add quiet hours');
    const zone = hours?.timezone ?? new Intl.DateTimeFormat('en').resolvedOptions().timeZone;
    this.zone = h('input', {
      class: 'input', type: 'text', value: hours && !hours.timezone ? 'UTC' : zone, 'aria-label': 'Time zone of the quiet hours',
      list: 'time-zones', spellcheck: 'false', autocomplete: 'off', oninput: () => this.changed(),
    });
    this.zoneRow = h('div', { class: 'quiet-hours-zone' }, h('span', { 'aria-hidden': 'true' }, 'Time zone'), this.zone,
      h('datalist', { id: 'time-zones' }, ...Intl.supportedValuesOf('timeZone').map((name) => h('option', { value: name }))));
    this.element = h('fieldset', { class: 'field' }, h('legend', null, 'Quiet hours'), this.rows, this.zoneRow, this.control, this.error,
      h('p', { class: 'hint' }, 'It is checked in them, but nobody is told; what it did is in the history and is not told later.'));
    this.draw();
  }

  /** @returns {QuietHours | null} */
  value() {
    if (this.windows.length === 0) return null;
    return { blocked_windows: this.windows.map(({ start, end }) => ({ start, end })), timezone: this.zone.value.trim() };
  }

  add() {
    this.windows.push({ start: '22:00', end: '06:30' });
    this.draw();
    /** @type {HTMLElement | null} */ (this.rows.querySelector('.quiet-hours-window:last-child input'))?.focus();
    this.changed();
  }

  changed() {
    this.showError('');
    this.onchange();
  }

  draw() {
    this.zoneRow.hidden = this.windows.length === 0;
    replaceChildren(this.rows, ...this.windows.map((window, index) => h('div', { class: 'quiet-hours-window' },
      this.clock(window, 'start', `Quiet hours ${index + 1} begin`),
      h('span', { 'aria-hidden': 'true' }, 'to'),
      this.clock(window, 'end', `Quiet hours ${index + 1} end`),
      h('button', {
        type: 'button', class: 'button quiet', 'aria-label': `Remove quiet hours ${index + 1}`, onclick: () => this.remove(index),
      }, 'Remove'))));
  }

  /** @param {number} index */
  remove(index) {
    this.windows.splice(index, 1);
    this.draw();
    this.control.focus();
    this.changed();
  }

  /**
   * @param {{start: string, end: string}} window
   * @param {'start' | 'end'} side
   * @param {string} label
   */
  clock(window, side, label) {
    const input = h('input', { class: 'input', type: 'time', value: window[side], 'aria-label': label, required: true });
    input.addEventListener('input', () => {
      window[side] = input.value;
      this.changed();
    });
    return input;
  }

  /** @param {string} text */
  showError(text) {
    this.error.textContent = text;
    this.error.hidden = text === '';
    this.element.classList.toggle('wrong', text !== '');
  }
}
