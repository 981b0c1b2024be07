/**
 * A labelled control of a form, with a hint and with what the server says is wrong with it.
 */
import { ApiError } from '../api/client.js';
import { h } from '../dom.js';
import { detailOf } from './empty-state.js';

let fieldCount = 0;

export class FormField {
  /**
   * @param {object} options
   * @param {string} options.name the field of the API, which errors name
   * @param {string} options.label
   * @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} options.control
   * @param {string} [options.hint]
   * @param {string} [options.unit] stands after the control
   * @param {HTMLElement} [options.frame] has the control in it, and stands in its place
   * @param {string} [options.class]
   */
  constructor({ name, label, control, hint, unit, frame, class: extraClass }) {
    fieldCount += 1;
    const id = `form-field-${fieldCount}`;
    this.name = name;
    this.control = control;
    control.id = id;
    this.error = h('p', { class: 'error', id: `${id}-error`, hidden: true });
    const hintElement = hint ? h('p', { class: 'hint', id: `${id}-hint` }, hint) : null;
    this.descriptions = [hintElement?.id].filter((one) => one !== undefined);
    this.element = h('div', { class: ['field', extraClass].filter(Boolean).join(' ') },
      h('label', { for: id }, label),
      unit ? h('div', { class: 'field-with-unit' }, control, h('span', { class: 'field-unit' }, unit)) : frame ?? control,
      this.error, hintElement);
    this.describe();
    control.addEventListener('input', () => this.showError(''));
  }

  /**
   * Shows what is wrong; nothing for ''.
   * @param {string} text
   */
  showError(text) {
    this.error.textContent = text;
    this.error.hidden = text === '';
    this.element.classList.toggle('wrong', text !== '');
    if (text === '') this.control.removeAttribute('aria-invalid');
    else this.control.setAttribute('aria-invalid', 'true');
    this.describe();
  }

  describe() {
    const ids = this.error.hidden ? this.descriptions : [this.error.id, ...this.descriptions];
    if (ids.length > 0) this.control.setAttribute('aria-describedby', ids.join(' '));
    else this.control.removeAttribute('aria-describedby');
  }
}

/**
 * What went wrong with all of a form, above its buttons.
 */
export class FormError {
  constructor() {
    this.element = h('p', { class: 'form-error', role: 'alert', hidden: true });
  }

  /** @param {string} text nothing for '' */
  show(text) {
    this.element.textContent = text;
    this.element.hidden = text === '';
  }
}

/**
 * What errors are shown at.
 * @typedef {{name: string, control: HTMLElement, showError: (text: string, error?: unknown) => void}} Field
 */

/**
 * Shows an error of the server at the field that it names, or else for all of the form.
 * @param {unknown} error
 * @param {Field[]} fields
 * @param {FormError} formError
 */
export function showFormError(error, fields, formError) {
  const field = fieldOf(error, fields);
  if (field) {
    field.showError(fieldText(error), error);
    field.control.focus();
  } else {
    formError.show(detailOf(error));
  }
}

/**
 * What is wrong, at the field: the API's name of it would only be noise there.
 * @param {unknown} error
 */
export function fieldText(error) {
  return detailOf(error).replace(/^The field '[^']*' /, 'This ');
}

/**
 * The field that an error of the server names.
 * @param {unknown} error
 * @param {Field[]} fields
 */
export function fieldOf(error, fields) {
  const attr = error instanceof ApiError ? error.attr : null;
  if (!attr) return undefined;
  // The name of a field in another one follows after two underscores.
  return fields.find(({ name }) => attr === name || attr.startsWith(`${name}__`));
}

/**
 * Takes back what was shown.
 * @param {Field[]} fields
 * @param {FormError} formError
 */
export function clearFormErrors(fields, formError) {
  for (const field of fields) field.showError('');
  formError.show('');
}
