/**
 * The dialog in which columns are chosen, ordered and made wide. Every change is seen at once
 * in the table behind it.
 *
 * @typedef {import('./rows-columns.js').ColumnChoice} ColumnChoice
 * @typedef {import('../../api/types.js').LogFilter} LogFilter
 */

import { isAborted } from '../../api/client.js';
import { attributes } from '../../api/logs.js';
import { h, replaceChildren } from '../../dom.js';
import { openDialog } from '../../elements/dialog.js';
import { errorState } from '../../elements/empty-state.js';
import { icon } from '../../elements/icons.js';
import { attributeField } from '../../query/fields.js';
import { columnOf, columnsOf, defaultColumns, narrowest, ownFieldNames, parseWidths, widest } from './columns.js';
import { bookkeeping } from './fields.js';

/** How many attributes are offered at once. */
const offered = 60;
/** How long one must have stopped typing, in milliseconds. */
const typingPause = 200;

/**
 * @param {object} options
 * @param {string[]} options.columns none stands for the default ones
 * @param {(number | null)[]} options.widths
 * @param {LogFilter} options.filter of which records attributes are offered
 * @param {(choice: ColumnChoice) => void} options.onchange
 */
export function openColumnChooser(options) {
  const chooser = new ColumnChooser(options);
  openDialog({
    title: 'Columns',
    wide: true,
    body: chooser.element,
    actions: [
      { label: 'Back to the usual ones', onselect: () => (chooser.reset(), false) },
      { label: 'Done', kind: 'primary', onselect: null },
    ],
    onclose: () => chooser.stop(),
  });
}

class ColumnChooser {
  #filter;
  #onchange;
  /** @type {{name: string, width: number | null}[]} */
  #chosen;
  #running = new AbortController();
  #timer = 0;
  #search = h('input', { type: 'search', class: 'input', placeholder: 'Find a field', 'aria-label': 'Find a field', autofocus: true, oninput: () => this.#lookUpSoon() });
  #list = h('ol', { class: 'chooser-list', 'aria-label': 'Columns in their order' });
  #offers = h('div', { class: 'chooser-offers' });
  #status = h('p', { class: 'visually-hidden', role: 'status' });

  /** @param {Parameters<typeof openColumnChooser>[0]} options */
  constructor({ columns, widths, filter, onchange }) {
    this.#filter = filter;
    this.#onchange = onchange;
    this.#chosen = columnsOf(columns).map(({ name }, index) => ({ name, width: widths[index] ?? null }));
    this.element = h('div', { class: 'chooser' },
      h('section', { 'aria-label': 'Shown columns' }, h('h3', null, 'Shown, in this order'), this.#list),
      h('section', { 'aria-label': 'More fields' }, h('h3', null, 'More fields'), this.#search, this.#offers),
      this.#status);
    this.#draw();
    this.#lookUp();
  }

  /** Chooses the columns that everybody has at first. */
  reset() {
    this.#change(() => (this.#chosen = defaultColumns.map((name) => ({ name, width: null }))), 'The usual columns are shown');
  }

  stop() {
    this.#running.abort();
    clearTimeout(this.#timer);
  }

  /**
   * @param {() => unknown} change
   * @param {string} said is read out
   */
  #change(change, said) {
    change();
    this.#draw();
    this.#status.textContent = said;
    for (const box of this.#offers.querySelectorAll('input')) box.checked = this.#has(box.value);
    this.#onchange({ columns: this.#chosen.map(({ name }) => name), widths: this.#chosen.map(({ width }) => width) });
  }

  /** @param {string} name */
  #has(name) {
    return this.#chosen.some((column) => column.name === name);
  }

  #draw() {
    const focused = document.activeElement?.getAttribute('data-key');
    replaceChildren(this.#list, this.#chosen.map((_, index) => this.#item(index)));
    const again = focused && this.#list.querySelector(`[data-key="${CSS.escape(focused)}"]:not(:disabled)`);
    if (again instanceof HTMLElement) again.focus();
  }

  /** @param {number} index */
  #item(index) {
    const { name, width } = this.#chosen[index];
    const column = columnOf(name, width);
    const last = this.#chosen.length - 1;
    const element = h(
      'li',
      { draggable: 'true', ondragstart: (/** @type {DragEvent} */ event) => event.dataTransfer?.setData(dragged, String(index)) },
      h('span', { class: 'chooser-grip' }, icon('drag')),
      h('span', { class: 'chooser-name' }, column.label),
      h('label', { class: 'chooser-width' }, h('span', { class: 'visually-hidden' }, `Width of ${column.label} in pixels`), h('input', {
        type: 'number', class: 'input', min: narrowest, max: widest, step: 1, placeholder: String(column.width), value: width === null ? '' : String(width),
        dataset: { key: `${name} width` },
        onchange: (/** @type {Event} */ { target }) => {
          const [wanted = null] = target instanceof HTMLInputElement ? parseWidths(target.value) : [];
          this.#change(() => (this.#chosen[index].width = wanted), `${column.label} is ${wanted ?? columnOf(name).width} pixels wide`);
        },
      }), ' px'),
      button('chevron-up', `Move ${column.label} up`, index === 0, `${name} up`, () => this.#move(index, index - 1)),
      button('chevron-down', `Move ${column.label} down`, index === last, `${name} down`, () => this.#move(index, index + 1)),
      button('close', `Hide ${column.label}`, last === 0, `${name} hide`, () => this.#change(() => this.#chosen.splice(index, 1), `${column.label} is hidden`)),
    );
    this.#acceptDrops(element, index);
    return element;
  }

  /** @param {HTMLElement} element @param {number} index */
  #acceptDrops(element, index) {
    element.addEventListener('dragover', (event) => {
      if (!event.dataTransfer?.types.includes(dragged)) return;
      event.preventDefault();
      element.classList.add('is-target');
    });
    element.addEventListener('dragleave', () => element.classList.remove('is-target'));
    element.addEventListener('drop', (event) => {
      event.preventDefault();
      this.#move(Number(event.dataTransfer?.getData(dragged)), index);
    });
  }

  /** @param {number} from @param {number} to */
  #move(from, to) {
    const { label } = columnOf(this.#chosen[from].name);
    this.#change(() => this.#chosen.splice(to, 0, ...this.#chosen.splice(from, 1)), `${label} is column ${to + 1} of ${this.#chosen.length}`);
  }

  #lookUpSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lookUp(), typingPause);
  }

  async #lookUp() {
    this.#running.abort();
    this.#running = new AbortController();
    const { signal } = this.#running;
    const search = this.#search.value.trim();
    try {
      const [log, resource] = await Promise.all(
        /** @type {const} */ (['log', 'resource']).map((attribute_type) => attributes({ ...this.#filter, attribute_type, search, limit: offered }, { signal })),
      );
      const own = ownFieldNames.filter((name) => name.includes(search.toLowerCase()));
      const ofRecord = log.results.map(({ name }) => name).filter((name) => name !== '' && !bookkeeping.test(name));
      const ofResource = resource.results.map(({ name }) => name).filter((name) => name !== '' && name !== 'service.name');
      replaceChildren(this.#offers,
        this.#offer('Every record', own.map((name) => [name, columnOf(name).label])),
        this.#offer('Attributes', ofRecord.map((name) => [attributeField('log', name), name])),
        this.#offer('Resource', ofResource.map((name) => [`resource.${name}`, name])));
      if (this.#offers.childElementCount === 0) replaceChildren(this.#offers, h('p', { class: 'quiet-text' }, 'No field of these records has such a name.'));
    } catch (error) {
      if (!isAborted(error)) replaceChildren(this.#offers, errorState(error, () => this.#lookUp()));
    }
  }

  /** @param {string} title @param {[string, string][]} fields names and what they are called here */
  #offer(title, fields) {
    if (fields.length === 0) return null;
    return h('fieldset', null, h('legend', null, title), fields.map(([name, label]) => h('label', { class: 'check' }, h('input', {
      type: 'checkbox', value: name, checked: this.#has(name),
      onchange: (/** @type {Event} */ { target }) => this.#toggle(name, target instanceof HTMLInputElement && target.checked),
    }), h('span', null, label))));
  }

  /** @param {string} name @param {boolean} isWanted */
  #toggle(name, isWanted) {
    const { label } = columnOf(name);
    if (!isWanted && this.#chosen.length === 1) return this.#change(() => undefined, 'One column has to stay');
    this.#change(() => {
      this.#chosen = this.#chosen.filter((column) => column.name !== name);
      if (!isWanted) return;
      // The message stays last: it takes what is left.
      const last = this.#chosen.at(-1)?.name === 'message' ? this.#chosen.length - 1 : this.#chosen.length;
      this.#chosen.splice(last, 0, { name, width: null });
    }, `${label} is ${isWanted ? 'shown' : 'hidden'}`);
  }
}

const dragged = 'application/x-docket-column';

/**
 * @param {import('../../elements/icons.js').IconName} name
 * @param {string} label
 * @param {boolean} disabled
 * @param {string} key by which the button is found again when the list is drawn anew
 * @param {() => void} onclick
 */
function button(name, label, disabled, key, onclick) {
  return h('button', { type: 'button', class: 'icon-button', title: label, 'aria-label': label, disabled, dataset: { key }, onclick }, icon(name));
}
