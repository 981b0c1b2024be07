/**
 * A record's fields as a tree, with what one can do with each.
 *
 * @typedef {import('./fields.js').Field} Field
 * @typedef {import('./fields.js').FieldGroup} FieldGroup
 * @typedef {import('../../elements/icons.js').IconName} IconName
 */

import { h, replaceChildren } from '../../dom.js';
import { icon } from '../../elements/icons.js';
import { counted } from '../../format/number.js';
import { isExpressible } from '../../query/compose.js';
import { copyText } from './copy.js';
import { foldedText } from './folded-text.js';

/** So many children are shown at once; a button shows more. */
const shownAtOnce = 200;

/**
 * @typedef {object} FieldTreeOptions
 * @property {readonly string[] | null} columns those of the table; null where there is none
 * @property {(field: Field) => import('../../dom.js').Child} [extra] what is shown behind a
 *   value in addition
 */

/**
 * Makes the tree. It dispatches, bubbling, `docket-filter` {field, value, exclude} and
 * `docket-column-toggle` {name}.
 * @param {FieldGroup[]} groups
 * @param {FieldTreeOptions} options
 * @returns {HTMLElement}
 */
export function fieldTree(groups, options) {
  return h(
    'div',
    { class: 'record-fields' },
    groups.map(({ title, fields }) => h('section', { 'aria-label': title }, h('h2', null, title), list(fields, options))),
  );
}

/**
 * @param {Field[]} fields
 * @param {FieldTreeOptions} options
 * @returns {HTMLElement}
 */
function list(fields, options) {
  const element = h('ul', { role: 'list' });
  const showMore = () => {
    const from = element.childElementCount;
    const next = fields.slice(from, from + shownAtOnce).map((field) => item(field, options));
    const rest = fields.length - from - next.length;
    element.append(...next);
    if (rest > 0) element.append(moreButton(rest));
  };
  /** @param {number} rest */
  const moreButton = (rest) => {
    const button = h('li', null, h('button', {
      type: 'button', class: 'link-button',
      onclick: () => {
        button.remove();
        showMore();
      },
    }, `Show ${counted(rest, 'more field')}`));
    return button;
  };
  showMore();
  return element;
}

/**
 * @param {Field} field
 * @param {FieldTreeOptions} options
 * @returns {HTMLElement}
 */
function item(field, options) {
  if (field.kind === 'value') {
    return h('li', null, h('div', { class: 'record-field' },
      h('span', { class: 'record-field-name' }, breakable(field.label)),
      h('div', { class: 'record-field-value' }, value(field), options.extra?.(field)),
      actions(field, options)));
  }
  return container(field, options);
}

/**
 * A name that may go on in another line behind its dots.
 * @param {string} label
 */
function breakable(label) {
  return label.split(/(?<=[._/-])/).map((part, index) => (index > 0 ? [h('wbr'), part] : part));
}

/** @param {Field} field */
function value(field) {
  return field.text === '' ? h('span', { class: 'quiet-text' }, 'empty') : foldedText(field.text, field.label);
}

/**
 * @param {Field} field a map or a list
 * @param {FieldTreeOptions} options
 */
function container(field, options) {
  const noun = field.kind === 'map' ? 'field' : 'item';
  const children = h('div', { class: 'record-field-children', hidden: true });
  const button = h(
    'button',
    {
      type: 'button', class: 'record-field-name is-toggle', 'aria-expanded': 'false',
      onclick: () => {
        const isOpen = button.getAttribute('aria-expanded') !== 'true';
        if (isOpen && children.childElementCount === 0) replaceChildren(children, list(field.children(), options));
        button.setAttribute('aria-expanded', String(isOpen));
        children.hidden = !isOpen;
      },
    },
    icon('chevron-right', { size: 12 }),
    h('span', null, breakable(field.label)),
  );
  const element = h('li', null, h('div', { class: 'record-field' },
    button,
    h('div', { class: 'record-field-value' }, h('span', { class: 'quiet-text' }, counted(field.size, noun)), ' ', preview(field)),
    actions(field, options)), children);
  if (field.size > 0 && field.size <= 12) button.click();
  return element;
}

/** @param {Field} field */
function preview(field) {
  const longest = 120;
  return h('span', { class: 'quiet-text record-field-preview' }, field.text.length > longest ? `${field.text.slice(0, longest)}…` : field.text);
}

/**
 * @param {Field} field
 * @param {FieldTreeOptions} options
 */
function actions(field, { columns }) {
  const { name, text, label } = field;
  const canFilter = name !== null && isExpressible({ field: name, value: text });
  /** @param {boolean} exclude @returns {(event: Event) => void} */
  const filter = (exclude) => (event) => dispatch(event, 'docket-filter', { field: name, value: text, exclude });
  const isColumn = name !== null && (columns?.includes(name) ?? false);
  return h(
    'div',
    { class: 'record-field-actions' },
    canFilter && action('zoom-in', `Only with this ${label}`, filter(false)),
    canFilter && action('zoom-out', `Without this ${label}`, filter(true)),
    action('copy', `Copy ${label}`, () => copyText(text, label)),
    columns && name !== null && action('columns', isColumn ? `Hide column ${label}` : `Show ${label} as a column`, (event) => {
      dispatch(event, 'docket-column-toggle', { name });
    }),
  );
}

/**
 * @param {IconName} name
 * @param {string} label
 * @param {(event: Event) => unknown} onclick
 */
function action(name, label, onclick) {
  return h('button', { type: 'button', class: 'icon-button', title: label, 'aria-label': label, onclick }, icon(name));
}

/**
 * @param {Event} event
 * @param {string} type
 * @param {object} detail
 */
function dispatch(event, type, detail) {
  event.currentTarget?.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
}
