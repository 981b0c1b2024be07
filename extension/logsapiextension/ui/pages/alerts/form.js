/**
 * Making and editing an alert, beside what it would have done.
 */
import { changeAlert, createAlert } from '../../api/alerts.js';
import { h } from '../../dom.js';
import { clearFormErrors, fieldOf, fieldText, FormError, showFormError } from '../../elements/form-field.js';
import { toast } from '../../elements/toast.js';
import { link, navigate } from '../../state/route.js';
import { searchTextOf } from '../views-search-text.js';
import { AlertFields, newSettings } from './form-fields.js';
import { AlertSimulation } from './simulation.js';

/**
 * @typedef {import('../../api/alerts.js').Alert} Alert
 * @typedef {import('../../api/alerts.js').AlertSettings} AlertSettings
 */

const longestName = 255;

export class AlertForm extends HTMLElement {
  static tag = 'docket-alert-form';

  /**
   * Shows the form of an alert, or of a new one.
   * @param {{alert: Alert | null, q: string, interval: number}} content q is what a new one searches for,
   *   interval how often alerts are checked, in minutes
   */
  show({ alert, q, interval }) {
    this.alert = alert;
    const settings = alert ?? { ...newSettings, filters: q === '' ? {} : { q } };
    this.fields = new AlertFields(settings, () => this.changed());
    this.simulation = new AlertSimulation();
    this.simulation.interval = interval;
    this.simulation.onverdict = (error) => this.showVerdict(error);
    this.formError = new FormError();
    this.saveButton = h('button', { type: 'submit', class: 'button primary' }, alert ? 'Save' : 'Create alert');
    this.replaceChildren(h('form', { class: 'alert-form', novalidate: true, onsubmit: (/** @type {Event} */ event) => this.submit(event) },
      h('div', { class: 'alert-form-fields' }, ...this.sections()),
      h('aside', { class: 'alert-form-simulation panel' }, this.simulation)));
    this.changed();
    if (!alert) (q === '' ? this.fields.search : this.fields.threshold).control.focus();
  }

  sections() {
    const { fields } = this;
    if (!fields) return [];
    return [
      h('section', { class: 'form-section' }, h('h2', null, 'Which records'), fields.search.element, this.otherFilters(), fields.name.element),
      h('section', { class: 'form-section' }, h('h2', null, 'When it fires'),
        h('div', { class: 'field-row condition' }, fields.operator.element, fields.threshold.element, fields.window.element),
        h('div', { class: 'field-row periods' }, fields.datapoints.element, fields.periods.element),
        h('details', { class: 'form-more', open: this.hasMore() }, h('summary', null, 'Groups, recovery, silence and late records'),
          h('div', { class: 'form-more-body' }, fields.groupBy.element, fields.fieldNames, fields.recovery.element, fields.noData.element, fields.delay.element))),
      h('section', { class: 'form-section' }, h('h2', null, 'When it stays quiet'), fields.cooldown.element, fields.quietHours.element),
      h('section', { class: 'form-section form-end' },
        h('label', { class: 'check' }, fields.enabled, this.alert ? 'Check it' : 'Check it from now on'),
        this.formError?.element,
        h('div', { class: 'toolbar' }, this.saveButton,
          h('a', { class: 'button', href: link(this.alert ? ['alerts', this.alert.id] : ['alerts']) }, 'Cancel'),
          this.alert ? null : h('span', { class: 'quiet-text' }, 'Whom it tells comes next.'))),
    ];
  }

  /** Filters that another client has made and that the search box does not show. */
  otherFilters() {
    const others = this.fields?.others ?? {};
    if (Object.keys(others).length === 0) return null;
    return h('div', { class: 'other-filters' },
      h('p', { class: 'quiet-text' }, 'And these filters, which another client has made:'),
      h('code', null, searchTextOf(others) ?? JSON.stringify(others)),
      h('button', {
        type: 'button', class: 'button small', onclick: () => this.takeOverFilters(), disabled: searchTextOf(others) === null,
      }, 'Edit as search text'));
  }

  takeOverFilters() {
    const { fields } = this;
    if (!fields) return;
    const { q } = fields;
    fields.showSearch(searchTextOf(q === '' ? fields.others : { ...fields.others, q }) ?? q);
    fields.others = {};
    this.querySelector('.other-filters')?.remove();
    fields.search.control.focus();
    this.changed();
  }

  /** Whether something is set that is folded away by default. */
  hasMore() {
    const settings = this.fields?.settings();
    return settings !== undefined && (settings.group_by !== null || settings.recovery_threshold !== null || settings.no_data !== 'count'
      || settings.evaluation_delay_seconds !== 0);
  }

  changed() {
    if (this.fields) this.simulation?.update(this.fields.settings());
  }

  /**
   * Shows while one types what the simulation finds wrong. What was wrong with saving stays:
   * the simulation does not know all fields.
   * @param {unknown} error
   * @returns {boolean} whether it stands at a field now
   */
  showVerdict(error) {
    this.marked?.showError('');
    this.marked = error ? fieldOf(error, this.fields?.all ?? []) : undefined;
    this.marked?.showError(fieldText(error), error);
    return this.marked !== undefined;
  }

  /** @param {Event} event */
  async submit(event) {
    event.preventDefault();
    const { fields, formError, saveButton } = this;
    if (!fields || !formError || !saveButton) return;
    clearFormErrors(fields.all, formError);
    saveButton.disabled = true;
    try {
      const saved = await this.save(named(fields.settings()));
      toast(this.alert ? 'Saved.' : 'The alert is made. Now say whom it tells.');
      navigate(['alerts', saved.id], {}, { replace: true });
    } catch (error) {
      this.openFolds();
      showFormError(error, fields.all, formError);
    }
    saveButton.disabled = false;
  }

  /** @param {AlertSettings} settings */
  save(settings) {
    return this.alert ? changeAlert(this.alert.id, settings) : createAlert(settings);
  }

  /** What is wrong may be in a part that is folded. */
  openFolds() {
    for (const fold of this.querySelectorAll('details.form-more')) /** @type {HTMLDetailsElement} */ (fold).open = true;
  }
}

/**
 * Names an alert by its search when nobody has named it.
 * @param {AlertSettings} settings
 */
function named(settings) {
  if (settings.name !== '') return settings;
  return { ...settings, name: [...(searchTextOf(settings.filters) ?? '')].slice(0, longestName).join('') };
}

customElements.define(AlertForm.tag, AlertForm);
