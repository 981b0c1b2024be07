/**
 * The heads of the columns: they sort, move, resize and hide them, by pointer and by keys.
 *
 * @typedef {import('./columns.js').Column} Column
 */

import { h } from '../../dom.js';
import { icon } from '../../elements/icons.js';
import { openMenu } from '../../elements/menu.js';
import { settings } from '../../state/settings.js';
import { clampedWidth, narrowest, widest } from './columns.js';

/** How much a key makes a column wider, in pixels. */
const smallStep = 8;
const largeStep = 64;

/**
 * @typedef {object} HeaderOptions
 * @property {Column[]} columns
 * @property {'latest' | 'earliest'} sort
 * @property {boolean} canSort false while the order is that in which records come
 * @property {(sort: 'latest' | 'earliest') => void} onsort
 * @property {(from: number, to: number) => void} onmove
 * @property {(index: number) => void} onhide
 * @property {(index: number, width: number, isDone: boolean) => void} onresize isDone: the
 *   pointer was let go, or a key was pressed
 */

/**
 * @param {HeaderOptions} options
 * @returns {HTMLElement} the row of heads
 */
export function rowsHeader(options) {
  return h(
    'div',
    { role: 'row', class: 'rows-row is-header', 'aria-rowindex': 1 },
    h('div', { role: 'columnheader', class: 'rows-cell is-toggle' }, h('span', { class: 'visually-hidden' }, 'Open')),
    options.columns.map((column, index) => head(column, index, options)),
  );
}

/**
 * @param {Column} column
 * @param {number} index
 * @param {HeaderOptions} options
 */
function head(column, index, options) {
  const isSorted = column.name === 'timestamp' && options.canSort;
  const element = h(
    'div',
    {
      role: 'columnheader', class: 'rows-cell is-head', dataset: { column: column.name },
      'aria-sort': isSorted ? (options.sort === 'latest' ? 'descending' : 'ascending') : null,
    },
    h('button', {
      type: 'button', class: 'rows-head', draggable: 'true', 'aria-haspopup': 'menu', 'aria-expanded': 'false',
      onclick: (/** @type {Event} */ event) => openColumnMenu(/** @type {HTMLElement} */ (event.currentTarget), column, index, options),
      onkeydown: (/** @type {KeyboardEvent} */ event) => moveByKey(event, index, options),
      ondragstart: (/** @type {DragEvent} */ event) => event.dataTransfer?.setData(dragged, String(index)),
    },
    h('span', null, column.label),
    column.kind === 'time' && h('span', { class: 'rows-zone' }, settings.get('clock') === 'utc' ? 'UTC' : 'local'),
    isSorted && icon(options.sort === 'latest' ? 'sort-descending' : 'sort-ascending', { size: 12 })),
    column.kind !== 'message' && resizer(column, index, options),
  );
  acceptColumns(element, index, options);
  return element;
}

/** The type of what is dragged, so that nothing else can be dropped here. */
const dragged = 'application/x-docket-column';

/**
 * @param {HTMLElement} element
 * @param {number} index
 * @param {HeaderOptions} options
 */
function acceptColumns(element, index, { onmove }) {
  element.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes(dragged)) return;
    event.preventDefault();
    element.classList.add('is-target');
  });
  element.addEventListener('dragleave', () => element.classList.remove('is-target'));
  element.addEventListener('drop', (event) => {
    element.classList.remove('is-target');
    const from = event.dataTransfer?.getData(dragged) ?? '';
    if (from === '') return;
    event.preventDefault();
    onmove(Number(from), index);
  });
}

/**
 * @param {HTMLElement} anchor
 * @param {Column} column
 * @param {number} index
 * @param {HeaderOptions} options
 */
function openColumnMenu(anchor, column, index, { columns, sort, canSort, onsort, onmove, onhide, onresize }) {
  const isTime = column.kind === 'time';
  const clock = settings.get('clock');
  openMenu(anchor, [
    ...(column.name === 'timestamp'
      ? [
          { label: 'Newest first', checked: sort === 'latest', disabled: !canSort, onselect: () => onsort('latest') },
          { label: 'Oldest first', checked: sort === 'earliest', disabled: !canSort, onselect: () => onsort('earliest') },
          /** @type {const} */ ({ separator: true }),
        ]
      : []),
    ...(isTime
      ? [
          { label: 'Local time', checked: clock === 'local', onselect: () => settings.set('clock', 'local') },
          { label: 'UTC', checked: clock === 'utc', onselect: () => settings.set('clock', 'utc') },
          /** @type {const} */ ({ separator: true }),
        ]
      : []),
    { label: 'Move left', hint: 'Alt ←', disabled: index === 0, onselect: () => onmove(index, index - 1) },
    { label: 'Move right', hint: 'Alt →', disabled: index === columns.length - 1, onselect: () => onmove(index, index + 1) },
    { label: 'Wider', disabled: column.kind === 'message', onselect: () => onresize(index, column.width + largeStep, true) },
    { label: 'Narrower', disabled: column.kind === 'message', onselect: () => onresize(index, column.width - largeStep, true) },
    { label: 'Hide', disabled: columns.length === 1, onselect: () => onhide(index) },
  ]);
}

/**
 * @param {KeyboardEvent} event
 * @param {number} index
 * @param {HeaderOptions} options
 */
function moveByKey(event, index, { columns, onmove }) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
  const to = index + step;
  if (!event.altKey || step === 0) return;
  event.preventDefault(); // the browser would go back in its history
  if (to >= 0 && to < columns.length) onmove(index, to);
}

/**
 * What one drags, or moves by arrow keys, to give a column another width.
 * @param {Column} column
 * @param {number} index
 * @param {HeaderOptions} options
 */
function resizer(column, index, { onresize }) {
  const element = h('div', {
    class: 'rows-resizer', role: 'separator', tabindex: 0, 'aria-orientation': 'vertical', 'aria-label': `Width of ${column.label}`,
    'aria-valuenow': column.width, 'aria-valuemin': narrowest, 'aria-valuemax': widest,
  });
  let width = column.width;
  /** @param {number} wanted @param {boolean} isDone */
  const resize = (wanted, isDone) => {
    width = clampedWidth(wanted);
    element.setAttribute('aria-valuenow', String(width));
    onresize(index, width, isDone);
  };
  element.addEventListener('keydown', (event) => {
    const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    if (direction === 0 || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    resize(width + direction * (event.shiftKey ? largeStep : smallStep), true);
  });
  element.addEventListener('pointerdown', (down) => {
    if (down.button !== 0) return;
    down.preventDefault();
    element.setPointerCapture(down.pointerId);
    const start = width;
    const ended = new AbortController();
    element.addEventListener('pointermove', (move) => resize(start + move.clientX - down.clientX, false), { signal: ended.signal });
    const end = () => {
      ended.abort();
      resize(width, true);
    };
    element.addEventListener('pointerup', end, { signal: ended.signal });
    element.addEventListener('pointercancel', end, { signal: ended.signal });
  });
  return element;
}
