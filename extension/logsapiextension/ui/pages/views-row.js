/**
 * A saved view in the list: what it shows, and what one can do with it.
 */
import { changeView, deleteView } from '../api/views.js';
import { h } from '../dom.js';
import { openDialog } from '../elements/dialog.js';
import { detailOf } from '../elements/empty-state.js';
import { FormError, FormField, showFormError } from '../elements/form-field.js';
import { icon } from '../elements/icons.js';
import { openMenu } from '../elements/menu.js';
import { toast } from '../elements/toast.js';
import { describeTime, relativeTime } from '../format/time.js';
import { defaultRange, describeRange } from '../state/range.js';
import { link, navigate } from '../state/route.js';
import { session } from '../state/session.js';
import { settings } from '../state/settings.js';
import { fromViewColumns } from './explore/columns.js';
import { parametersOfView, shareAddress } from './views-open.js';
import { searchTextOf } from './views-search-text.js';

/**
 * @typedef {import('../api/views.js').View} View
 * @typedef {(view: View | null) => void} Changed gets what the view is now; null when it is gone
 */

/** Of more columns only so many are named. */
const namedColumns = 4;

/**
 * @param {View} view
 * @param {Changed} changed
 * @returns {HTMLTableRowElement}
 */
export function viewRow(view, changed) {
  const text = searchTextOf(view.filters);
  const more = h('button', {
    type: 'button', class: 'icon-button', 'aria-label': `What to do with ${view.name}`, onclick: () => openViewMenu(more, view, changed),
  }, icon('more'));
  return h('tr', null,
    h('td', { class: 'view-pin' }, pinButton(view, changed)),
    h('td', { class: 'view-what' },
      h('a', { class: 'view-name', href: link(['explore'], parametersOfView(view)) }, view.name),
      view.provisioned ? h('span', { class: 'badge', title: 'It comes from the configuration and is changed there.' }, 'configured') : null,
      searchOf(view, text)),
    h('td', { class: 'view-range' }, rangeText(view)),
    h('td', { class: 'view-columns quiet-text' }, columnsText(view)),
    h('td', { class: 'view-changed quiet-text' },
      h('time', { datetime: view.updated_at, title: describeTime(view.updated_at) }, relativeTime(Date.parse(view.updated_at))),
      view.created_by.first_name ? h('div', null, view.created_by.first_name) : null),
    h('td', { class: 'view-more' }, more));
}

/**
 * @param {View} view
 * @param {string | null} text
 */
function searchOf({ filters }, text) {
  if (text === null) {
    return h('div', null, h('code', null, JSON.stringify(filters)),
      h('p', { class: 'quiet-text' }, 'The search box has no words for all of this, so the view opens without it.'));
  }
  return text === '' ? h('div', { class: 'quiet-text' }, 'all records') : h('code', null, text);
}

/**
 * @param {View} view
 * @param {Changed} changed
 */
function pinButton(view, changed) {
  return h('button', {
    type: 'button', class: 'icon-button', 'aria-pressed': String(view.pinned), 'aria-label': `Pin ${view.name}`, title: view.pinned ? 'Unpin' : 'Pin',
    disabled: !mayChange(view), dataset: { focus: `pin-${view.short_id}` }, onclick: () => pin(view, changed),
  }, icon('pin'));
}

/** @param {View} view */
function mayChange(view) {
  return session.mayWrite && !view.provisioned;
}

/**
 * @param {View} view
 * @param {Changed} changed
 */
async function pin(view, changed) {
  try {
    changed(await changeView(view.short_id, { pinned: !view.pinned }));
  } catch (error) {
    toast(detailOf(error), { kind: 'error' });
  }
}

/**
 * @param {HTMLElement} anchor
 * @param {View} view
 * @param {Changed} changed
 */
function openViewMenu(anchor, view, changed) {
  const disabled = !mayChange(view);
  const text = searchTextOf(view.filters);
  openMenu(anchor, [
    { label: 'Open', icon: 'search', onselect: () => navigate(['explore'], parametersOfView(view)) },
    { label: 'Copy link', icon: 'link', onselect: () => copyLink(view) },
    { label: 'Alert from this search', icon: 'bell', disabled: !session.mayWrite || !text, onselect: () => navigate(['alerts', 'new'], { q: text }) },
    { separator: true },
    { label: 'Rename', icon: 'edit', disabled, onselect: () => rename(view, changed) },
    { label: view.pinned ? 'Unpin' : 'Pin', icon: 'pin', disabled, onselect: () => pin(view, changed) },
    { label: 'Delete', icon: 'trash', disabled, onselect: () => confirmDeletion(view, changed) },
  ], { label: `What to do with ${view.name}` });
}

/** @param {View} view */
async function copyLink(view) {
  const address = shareAddress(view);
  try {
    await navigator.clipboard.writeText(address);
    toast('The link is copied. It shows the view to all who may read the project.');
  } catch {
    // Without permission, or without TLS, there is no clipboard.
    const control = h('input', { class: 'input mono', type: 'text', readonly: true, value: address });
    openDialog({ title: 'Link to the view', body: new FormField({ name: 'link', label: 'Copy it from here', control }).element, actions: [{ label: 'Done', kind: 'primary' }] });
    control.select();
  }
}

/**
 * @param {View} view
 * @param {Changed} changed
 */
function rename(view, changed) {
  const field = new FormField({ name: 'name', label: 'Name', control: h('input', { class: 'input', type: 'text', value: view.name, maxlength: 400, autocomplete: 'off' }) });
  const formError = new FormError();
  const save = async () => {
    try {
      changed(await changeView(view.short_id, { name: field.control.value.trim() }));
      return true;
    } catch (error) {
      showFormError(error, [field], formError);
      return false;
    }
  };
  const dialog = openDialog({
    title: 'Rename the view',
    body: h('form', {
      class: 'form-section', novalidate: true, onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        if (await save()) dialog.close();
      },
    }, field.element, formError.element),
    actions: [{ label: 'Cancel' }, { label: 'Rename', kind: 'primary', onselect: save }],
  });
  /** @type {HTMLInputElement} */ (field.control).select();
}

/**
 * @param {View} view
 * @param {Changed} changed
 */
function confirmDeletion(view, changed) {
  openDialog({
    title: 'Delete the view?',
    body: h('p', null, h('strong', null, view.name), ' is gone for all who use it, and links to it end. No record is deleted.'),
    actions: [{ label: 'Cancel' }, {
      label: 'Delete', kind: 'danger', onselect: async () => {
        try {
          await deleteView(view.short_id);
          toast('Deleted.');
          changed(null);
          return true;
        } catch (error) {
          toast(detailOf(error), { kind: 'error' });
          return false;
        }
      },
    }],
  });
}

/** @param {View} view */
function rangeText({ filters }) {
  const { date_from: from, date_to: to } = filters.dateRange ?? {};
  return describeRange({ from: from || defaultRange.from, to: to || defaultRange.to }, { now: Date.now(), clock: settings.get('clock') });
}

/** @param {View} view */
function columnsText({ columns }) {
  if (!columns) return 'as usual';
  const { columns: names } = fromViewColumns(columns);
  return names.length > namedColumns ? `${names.slice(0, namedColumns).join(', ')} and ${names.length - namedColumns} more` : names.join(', ');
}
