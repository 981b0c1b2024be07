/**
 * The dialog that saves what Explore shows as a view.
 */
import { changeView, createView, listViews } from '../../api/views.js';
import { h } from '../../dom.js';
import { openDialog } from '../../elements/dialog.js';
import { FormError, FormField, showFormError } from '../../elements/form-field.js';
import { toast } from '../../elements/toast.js';
import { defaultRange, describeRange } from '../../state/range.js';
import { navigate } from '../../state/route.js';
import { settings } from '../../state/settings.js';
import { toViewColumns } from './columns.js';

/** @typedef {import('../../api/views.js').View} View */

/**
 * @typedef {object} Shown what Explore shows
 * @property {string} q
 * @property {string | null} from
 * @property {string | null} to
 * @property {'latest' | 'earliest'} [sort]
 * @property {readonly string[]} columns none for the usual ones
 * @property {readonly (number | null)[]} [widths]
 */

/**
 * @param {Shown} shown
 */
export function openSaveView(shown) {
  const name = new FormField({
    name: 'name', label: 'Name',
    control: h('input', { class: 'input', type: 'text', maxlength: 400, autocomplete: 'off', placeholder: 'Failed sign-ins', list: 'view-names' }),
    hint: 'All who may use the project see it.',
  });
  const names = h('datalist', { id: 'view-names' });
  const replaces = h('p', { class: 'quiet-text', role: 'status' });
  name.element.append(replaces, names);
  const pinned = h('input', { type: 'checkbox' });
  const formError = new FormError();
  /** @type {View[]} */
  let views = [];
  const present = () => views.find((view) => view.name === name.control.value.trim() && !view.provisioned);
  name.control.addEventListener('input', () => {
    replaces.textContent = present() ? 'A view has this name. Saving changes it.' : '';
  });
  // To save without this knowledge only makes another view of the same name.
  listViews().then((all) => {
    views = all;
    names.replaceChildren(...[...new Set(all.map((view) => view.name))].map((value) => h('option', { value })));
  }, () => {});

  const save = async () => {
    formError.show('');
    try {
      const content = { ...contentOf(shown), name: name.control.value.trim(), ...(pinned.checked ? { pinned: true } : {}) };
      const before = present();
      const view = before ? await changeView(before.short_id, content) : await createView({ pinned: false, ...content });
      toast(`The view “${view.name}” is saved.`, { action: { label: 'All views', onselect: () => navigate(['views']) } });
      return true;
    } catch (error) {
      showFormError(error, [name], formError);
      return false;
    }
  };
  const dialog = openDialog({
    title: 'Save as a view',
    body: h('form', {
      class: 'form-section', novalidate: true, onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        if (await save()) dialog.close();
      },
    }, name.element, h('dl', { class: 'facts' }, ...factsOf(shown)),
    h('label', { class: 'check' }, pinned, 'Pin it to the top of the list'), formError.element),
    actions: [{ label: 'Cancel' }, { label: 'Save', kind: 'primary', onselect: save }],
  });
}

/**
 * @param {Shown} shown
 */
function contentOf({ q, from, to, sort = 'latest', columns, widths = [] }) {
  return {
    filters: { q, dateRange: { date_from: from || defaultRange.from, date_to: !to || to === 'now' ? null : to }, orderBy: sort },
    columns: columns.length > 0 ? toViewColumns(columns, widths) : null,
  };
}

/** @param {Shown} shown */
function factsOf({ q, from, to, columns }) {
  return [
    h('div', null, h('dt', null, 'Search'), h('dd', null, q === '' ? 'all records' : h('code', null, q))),
    h('div', null, h('dt', null, 'Range'), h('dd', null, describeRange({ from: from || defaultRange.from, to: to || defaultRange.to }, { now: Date.now(), clock: settings.get('clock') }))),
    h('div', null, h('dt', null, 'Columns'), h('dd', null, columns.length > 0 ? columns.join(', ') : 'as usual')),
  ];
}
