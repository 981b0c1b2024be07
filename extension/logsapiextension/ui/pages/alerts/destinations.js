/**
 * Whom an alert tells: a list with a test for each, and the form for another.
 */
import { deleteDestination, listDestinations, testDestination } from '../../api/alerts.js';
import { isAborted } from '../../api/client.js';
import { h, replaceChildren } from '../../dom.js';
import { openDialog } from '../../elements/dialog.js';
import { detailOf, errorState } from '../../elements/empty-state.js';
import { icon } from '../../elements/icons.js';
import { toast } from '../../elements/toast.js';
import { mayChange } from './actions.js';
import { attemptText } from './deliveries.js';
import { openDestinationForm } from './destination-form.js';
import { destinationNames } from './words.js';

/**
 * @typedef {import('../../api/alerts.js').Alert} Alert
 * @typedef {import('../../api/alerts.js').Destination} Destination
 */

export class AlertDestinations extends HTMLElement {
  static tag = 'docket-alert-destinations';

  constructor() {
    super();
    /** @type {Alert | null} */
    this.alert = null;
    this.request = new AbortController();
    this.body = h('div');
    this.addButton = h('button', { type: 'button', class: 'button small', onclick: () => this.add() }, icon('plus', { size: 14 }), 'Add a destination');
  }

  connectedCallback() {
    if (this.childElementCount > 0) return;
    this.append(h('section', { class: 'panel paged-panel' }, h('header', null, h('h2', null, 'Tells'), this.addButton), this.body));
  }

  disconnectedCallback() {
    this.request.abort();
  }

  /** @param {Alert} alert */
  show(alert) {
    this.alert = alert;
    this.addButton.hidden = !mayChange(alert);
    this.load();
  }

  async load() {
    const { alert } = this;
    if (!alert) return;
    this.request.abort();
    this.request = new AbortController();
    try {
      this.draw(alert, await listDestinations(alert.id, { signal: this.request.signal }));
    } catch (error) {
      if (!isAborted(error)) replaceChildren(this.body, errorState(error, () => this.load()));
    }
  }

  /**
   * @param {Alert} alert
   * @param {Destination[]} destinations
   */
  draw(alert, destinations) {
    if (destinations.length === 0) {
      replaceChildren(this.body, h('p', { class: 'quiet-text panel-empty' },
        'It tells nobody yet; what it does is in its history only. Add a webhook, Slack, Microsoft Teams, Discord, PagerDuty or e-mail.'));
      return;
    }
    replaceChildren(this.body, h('ul', { class: 'destinations' }, ...destinations.map((destination) => this.row(alert, destination))));
  }

  /**
   * @param {Alert} alert
   * @param {Destination} destination
   */
  row(alert, destination) {
    const name = `${destinationNames[destination.type] ?? destination.type} ${destination.target}`;
    const outcome = h('p', { class: 'destination-outcome', role: 'status' });
    const test = h('button', { type: 'button', class: 'button small', 'aria-label': `Send a test to ${name}` }, icon('send', { size: 14 }), 'Send a test');
    test.addEventListener('click', () => this.test(alert, destination, test, outcome));
    return h('li', null,
      h('span', { class: 'destination-type' }, destinationNames[destination.type] ?? destination.type),
      h('span', { class: 'destination-target mono' }, destination.target),
      mayChange(alert)
        ? h('span', { class: 'toolbar' }, test, h('button', {
          type: 'button', class: 'icon-button', 'aria-label': `Delete ${name}`, onclick: () => this.confirmDeletion(alert, destination, name),
        }, icon('trash')))
        : null,
      outcome);
  }

  /**
   * @param {Alert} alert
   * @param {Destination} destination
   * @param {HTMLButtonElement} button
   * @param {HTMLElement} outcome
   */
  async test(alert, destination, button, outcome) {
    button.disabled = true;
    outcome.className = 'destination-outcome';
    outcome.textContent = 'Sending …';
    try {
      const { delivered, attempt } = await testDestination(alert.id, destination.id);
      outcome.classList.add(delivered ? 'good' : 'bad');
      outcome.textContent = `The test ${attemptText(attempt)}`;
    } catch (error) {
      outcome.classList.add('bad');
      outcome.textContent = detailOf(error);
    }
    button.disabled = false;
  }

  add() {
    const { alert } = this;
    if (alert) openDestinationForm(alert, () => this.changed());
  }

  changed() {
    this.load();
    this.dispatchEvent(new CustomEvent('docket-destinations', { bubbles: true }));
  }

  /**
   * @param {Alert} alert
   * @param {Destination} destination
   * @param {string} name
   */
  confirmDeletion(alert, destination, name) {
    openDialog({
      title: 'Delete the destination?',
      body: h('p', null, h('strong', null, name), ' is not told any more. What is on its way to it is dropped.'),
      actions: [{ label: 'Cancel' }, {
        label: 'Delete', kind: 'danger', onselect: async () => {
          try {
            await deleteDestination(alert.id, destination);
            this.changed();
            return true;
          } catch (error) {
            toast(detailOf(error), { kind: 'error' });
            return false;
          }
        },
      }],
    });
  }
}

customElements.define(AlertDestinations.tag, AlertDestinations);
