/**
 * The page of alerts: the list, one alert, and its form, as the address says:
 * `#/alerts`, `#/alerts/new?q=…`, `#/alerts/ID`, `#/alerts/ID/edit`.
 */
import { getAlert, listAlerts } from '../../api/alerts.js';
import { h, replaceChildren } from '../../dom.js';
import { errorState, loadingState } from '../../elements/empty-state.js';
import { icon } from '../../elements/icons.js';
import { link } from '../../state/route.js';
import { AlertDetail } from './detail.js';
import { AlertForm } from './form.js';
import { AlertList } from './list.js';

/** @typedef {import('../../api/alerts.js').Alert} Alert */

export default class AlertsPage extends HTMLElement {
  static tag = 'docket-alerts-page';

  constructor() {
    super();
    this.shown = '';
  }

  connectedCallback() {
    this.className = 'page';
  }

  /** @param {{path: string[], parameters: URLSearchParams}} route */
  update({ path, parameters }) {
    const [, id = '', action = ''] = path;
    const q = parameters.get('q') ?? '';
    const wanted = JSON.stringify([id, action, q]);
    if (wanted === this.shown) return;
    this.shown = wanted;
    if (id === '') {
      this.show(new AlertList());
    } else if (id === 'new') {
      this.showForm(null, q, wanted);
    } else if (action === 'edit') {
      this.showForm(id, '', wanted);
    } else {
      const detail = new AlertDetail();
      this.show(detail);
      detail.show(id);
    }
  }

  /** @param {...import('../../dom.js').Child} children */
  show(...children) {
    replaceChildren(this, ...children);
  }

  /**
   * @param {string | null} id null for a new alert
   * @param {string} q
   * @param {string} wanted what is shown unless somebody has gone on meanwhile
   */
  async showForm(id, q, wanted) {
    this.show(loadingState());
    try {
      const [alert, interval] = id === null ? [null, await knownInterval()] : await getAlert(id).then((found) => /** @type {const} */ ([found, found.check_interval_minutes]));
      if (this.shown !== wanted) return;
      if (alert?.provisioned) {
        this.show(heading(alert), h('p', null, 'This alert comes from the configuration of Docket and is changed there.'));
        return;
      }
      const form = new AlertForm();
      this.show(heading(alert), form);
      form.show({ alert, q, interval });
    } catch (error) {
      if (this.shown === wanted) this.show(errorState(error, () => this.showForm(id, q, wanted)));
    }
  }
}

/** @param {Alert | null} alert */
function heading(alert) {
  const href = link(alert ? ['alerts', alert.id] : ['alerts']);
  return h('header', { class: 'page-header' },
    h('a', { class: 'icon-button', href, 'aria-label': 'Back', title: 'Back' }, icon('chevron-left')),
    h('h1', null, alert ? `Edit ${alert.name}` : 'New alert'));
}

/** How often alerts are checked, in minutes: only alerts tell. */
async function knownInterval() {
  const [first] = await listAlerts();
  return first?.check_interval_minutes ?? 1;
}
