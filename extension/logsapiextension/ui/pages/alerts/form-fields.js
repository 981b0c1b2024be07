/**
 * The fields of an alert's form, and the settings that they say.
 */
import { ApiError } from '../../api/client.js';
import { h } from '../../dom.js';
import { FormField } from '../../elements/form-field.js';
import { SearchBox } from '../explore/search-box.js';
import { fromGroupBy, toGroupBy } from './group-by.js';
import { proposeFields } from './proposed-fields.js';
import { QuietHoursField } from './quiet-hours.js';
import { minutesText } from './words.js';

/**
 * @typedef {import('../../api/alerts.js').AlertSettings} AlertSettings
 * @typedef {import('../../elements/form-field.js').Field} Field
 */

/** The windows that the API takes, in minutes. */
const windows = Object.freeze([5, 10, 15, 30, 60]);

/** @type {Readonly<AlertSettings>} */
export const newSettings = Object.freeze({
  name: '', enabled: true, filters: {}, threshold_count: 10, threshold_operator: 'above', window_minutes: 5, evaluation_periods: 1,
  datapoints_to_alarm: 1, cooldown_minutes: 0, schedule_restriction: null, evaluation_delay_seconds: 0, recovery_threshold: null, no_data: 'count',
  group_by: null,
});

export class AlertFields {
  /**
   * @param {AlertSettings} settings
   * @param {() => void} onchange
   */
  constructor(settings, onchange) {
    this.others = Object.fromEntries(Object.entries(settings.filters).filter(([name]) => name !== 'q'));
    this.name = new FormField({
      name: 'name', label: 'Name',
      control: h('input', { class: 'input', type: 'text', value: settings.name, maxlength: 255, autocomplete: 'off', placeholder: 'The search text, if you leave it empty' }),
    });
    this.searchBox = new SearchBox();
    this.showSearch(settings.filters.q ?? '');
    this.searchBox.addEventListener('docket-search', (event) => {
      this.showSearch(/** @type {CustomEvent} */ (event).detail.q);
      onchange();
    });
    this.search = new SearchField({
      name: 'filters', label: 'Search', control: this.searchBox.input, frame: this.searchBox, box: this.searchBox, hint: 'It counts the records that this finds.',
    });
    this.operator = new FormField({
      name: 'threshold_operator', label: 'Fires when there are',
      control: choice({ above: 'more than', below: 'fewer than' }, settings.threshold_operator),
    });
    this.threshold = new FormField({ name: 'threshold_count', label: 'Threshold', unit: 'records', control: number(settings.threshold_count, 0) });
    this.window = new FormField({
      name: 'window_minutes', label: 'in a window of',
      control: choice(Object.fromEntries(windows.map((minutes) => [String(minutes), minutesText(minutes)])), String(settings.window_minutes)),
    });
    this.datapoints = new FormField({ name: 'datapoints_to_alarm', label: 'In at least', control: number(settings.datapoints_to_alarm, 1, 10) });
    this.periods = new FormField({ name: 'evaluation_periods', label: 'of the last', unit: 'windows', control: number(settings.evaluation_periods, 1, 10) });
    this.recovery = new FormField({
      name: 'recovery_threshold', label: 'Recovery threshold', unit: 'records', control: number(settings.recovery_threshold, 0),
      hint: 'A firing alert resolves only when the newest count has come back to this. Empty: when the condition is no longer met.',
    });
    this.noData = new FormField({
      name: 'no_data', label: 'A window without records',
      control: choice({ count: 'counts as 0', breach: 'counts as a breach', keep: 'changes nothing' }, settings.no_data),
    });
    this.delay = new FormField({
      name: 'evaluation_delay_seconds', label: 'Evaluation delay', unit: 'seconds', control: number(settings.evaluation_delay_seconds, 0, 86_400),
      hint: 'Waits for senders that are slow: all windows end so much earlier.',
    });
    this.cooldown = new FormField({
      name: 'cooldown_minutes', label: 'Cooldown', unit: 'minutes', control: number(settings.cooldown_minutes, 0),
      hint: 'After it has told that it fired or resolved, it tells neither for so long.',
    });
    this.fieldNames = h('datalist', { id: 'group-fields' });
    this.groupBy = new FormField({
      name: 'group_by', label: 'For each value of', hint: 'Each value of the field fires, resolves and cools down by itself. Empty: all records together.',
      control: h('input', {
        class: 'input mono', type: 'text', value: fromGroupBy(settings.group_by), list: this.fieldNames.id, placeholder: 'service', spellcheck: 'false',
        autocomplete: 'off', autocapitalize: 'off',
      }),
    });
    // Without proposals one types the name.
    this.groupBy.control.addEventListener('focus', () => proposeFields(this.fieldNames).catch(() => {}), { once: true });
    this.quietHours = new QuietHoursField(settings.schedule_restriction, onchange);
    this.enabled = h('input', { type: 'checkbox', checked: settings.enabled });
    this.enabled.addEventListener('change', onchange);
    for (const field of this.all) field.control.addEventListener('input', onchange);
  }

  /** @returns {Field[]} */
  get all() {
    return [
      this.name, this.search, this.operator, this.threshold, this.window, this.datapoints, this.periods, this.groupBy, this.recovery, this.noData,
      this.delay, this.cooldown, this.quietHours,
    ];
  }

  /** @param {string} q */
  showSearch(q) {
    this.searchBox.show({ q, dateRange: { date_from: '-7d' } });
  }

  /** What is searched for. */
  get q() {
    return this.searchBox.input.value.trim();
  }

  /**
   * What the fields say. A number that is none is sent as it was typed: the server says at
   * which field that is wrong.
   * @returns {AlertSettings}
   */
  settings() {
    const { q } = this;
    return {
      name: this.name.control.value.trim(),
      enabled: this.enabled.checked,
      filters: q === '' ? { ...this.others } : { ...this.others, q },
      threshold_count: numberOf(this.threshold),
      threshold_operator: /** @type {'above' | 'below'} */ (this.operator.control.value),
      window_minutes: numberOf(this.window),
      evaluation_periods: numberOf(this.periods),
      datapoints_to_alarm: numberOf(this.datapoints),
      cooldown_minutes: numberOf(this.cooldown),
      schedule_restriction: this.quietHours.value(),
      evaluation_delay_seconds: numberOf(this.delay),
      recovery_threshold: this.recovery.control.value === '' ? null : numberOf(this.recovery),
      no_data: /** @type {AlertSettings['no_data']} */ (this.noData.control.value),
      group_by: toGroupBy(this.groupBy.control.value.trim()),
    };
  }
}

/** Says what is wrong with a search at its column, as the search box of Explore does. */
class SearchField extends FormField {
  #box;

  /** @param {ConstructorParameters<typeof FormField>[0] & {box: SearchBox}} options */
  constructor({ box, ...options }) {
    super(options);
    this.#box = box;
  }

  /**
   * @override
   * @param {string} text
   * @param {unknown} [error]
   */
  showError(text, error = null) {
    const mistake = error instanceof ApiError && error.column !== null ? error : null;
    super.showError(mistake === null ? text : '');
    // The server has got the text without the white space around it.
    const typed = this.#box.input.value;
    this.#box.showProblem(mistake, typed.length - typed.trimStart().length, typed.trimStart());
    if (mistake !== null) this.control.setAttribute('aria-describedby', [this.#box.problem.id, ...this.descriptions].join(' '));
    else if (text !== '') this.control.setAttribute('aria-invalid', 'true');
  }
}

/**
 * @param {Record<string, string>} labels by value
 * @param {string} value
 */
function choice(labels, value) {
  return h('select', { class: 'input', value }, ...Object.entries(labels).map(([of, label]) => h('option', { value: of }, label)));
}

/**
 * @param {number | null} value
 * @param {number} min
 * @param {number} [max]
 */
function number(value, min, max) {
  return h('input', { class: 'input', type: 'number', value: value ?? '', min, max, step: 1, inputmode: 'numeric' });
}

/** @param {FormField} field */
function numberOf({ control }) {
  return control.value === '' ? /** @type {any} */ (control.value) : Number(control.value);
}
