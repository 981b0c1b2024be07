/**
 * What one can do with an alert, wherever it is shown: switching it on and off, snoozing,
 * resetting and deleting it.
 */
import { changeAlert, deleteAlert, resetAlert } from '../../api/alerts.js';
import { h } from '../../dom.js';
import { openDialog } from '../../elements/dialog.js';
import { detailOf } from '../../elements/empty-state.js';
import { FormError, FormField, showFormError } from '../../elements/form-field.js';
import { openMenu } from '../../elements/menu.js';
import { toast } from '../../elements/toast.js';
import { formatTime } from '../../format/time.js';
import { navigate } from '../../state/route.js';
import { session } from '../../state/session.js';
import { settings } from '../../state/settings.js';

/**
 * @typedef {import('../../api/alerts.js').Alert} Alert
 * @typedef {(alert: Alert | null) => void} Changed gets what the alert is now; null when it is gone
 */

const minute = 60_000;
const snoozes = Object.freeze([
  { label: '30 minutes', milliseconds: 30 * minute },
  { label: '1 hour', milliseconds: 60 * minute },
  { label: '4 hours', milliseconds: 240 * minute },
  { label: '1 day', milliseconds: 1440 * minute },
  { label: '1 week', milliseconds: 7 * 1440 * minute },
]);

/**
 * Whether somebody may change it here: with a key that may write, and unless it comes from
 * the configuration.
 * @param {Alert} alert
 */
export function mayChange(alert) {
  return session.mayWrite && !alert.provisioned;
}

/**
 * Opens the menu of all that can be done with an alert.
 * @param {HTMLElement} anchor
 * @param {Alert} alert
 * @param {Changed} changed
 */
export function openAlertMenu(anchor, alert, changed) {
  const isSnoozed = alert.state === 'snoozed';
  openMenu(anchor, [
    { label: 'Edit', icon: 'edit', onselect: () => navigate(['alerts', alert.id, 'edit']) },
    alert.enabled
      ? { label: 'Switch off', icon: 'pause', onselect: () => act(() => changeAlert(alert.id, { enabled: false }), 'Switched off.', changed) }
      : { label: 'Switch on', icon: 'play', onselect: () => act(() => changeAlert(alert.id, { enabled: true }), 'Switched on.', changed) },
    isSnoozed
      ? { label: 'End the snooze', icon: 'bell', onselect: () => endSnooze(alert, changed) }
      : { label: 'Snooze for …', icon: 'bell-off', disabled: !alert.enabled, onselect: () => openSnoozeMenu(anchor, alert, changed) },
    { label: 'Reset', icon: 'refresh', hint: alert.state === 'broken' ? '' : 'when broken', disabled: alert.state !== 'broken', onselect: () => reset(alert, changed) },
    { separator: true },
    { label: 'Delete', icon: 'trash', onselect: () => confirmDeletion(alert, changed) },
  ], { label: `What to do with ${alert.name}` });
}

/**
 * @param {HTMLElement} anchor
 * @param {Alert} alert
 * @param {Changed} changed
 */
export function openSnoozeMenu(anchor, alert, changed) {
  openMenu(anchor, [
    { heading: 'It is not checked until then' },
    ...snoozes.map(({ label, milliseconds }) => {
      const until = new Date(Date.now() + milliseconds).toISOString();
      return { label, hint: formatTime(until, settings.get('clock'), 0).slice(5, 16), onselect: () => snooze(alert, until, changed) };
    }),
    { separator: true },
    { label: 'Until …', onselect: () => openSnoozeDialog(alert, changed) },
  ], { label: `Snooze ${alert.name}` });
}

/**
 * @param {Alert} alert
 * @param {string} until
 * @param {Changed} changed
 */
function snooze(alert, until, changed) {
  const text = `Snoozed until ${formatTime(until, settings.get('clock'), 0).slice(0, 16)}.`;
  return act(() => changeAlert(alert.id, { snooze_until: until }), text, changed);
}

/**
 * @param {Alert} alert
 * @param {Changed} changed
 */
export function endSnooze(alert, changed) {
  return act(() => changeAlert(alert.id, { snooze_until: null }), 'The snooze is over.', changed);
}

/**
 * @param {Alert} alert
 * @param {Changed} changed
 */
export function reset(alert, changed) {
  return act(() => resetAlert(alert.id), 'Reset. It is checked again.', changed);
}

/**
 * @param {Alert} alert
 * @param {Changed} changed
 */
function openSnoozeDialog(alert, changed) {
  const field = new FormField({
    name: 'snooze_until', label: 'Until', hint: 'In the time zone of this computer.',
    control: h('input', { class: 'input', type: 'datetime-local', value: localInputValue(Date.now() + 60 * minute) }),
  });
  const formError = new FormError();
  openDialog({
    title: `Snooze ${alert.name}`,
    body: h('div', { class: 'form-section' }, field.element, formError.element),
    actions: [{ label: 'Cancel' }, {
      label: 'Snooze', kind: 'primary', onselect: async () => {
        const until = new Date(field.control.value);
        if (Number.isNaN(until.getTime())) {
          field.showError('Choose a date and a time.');
          return false;
        }
        try {
          changed(await changeAlert(alert.id, { snooze_until: until.toISOString() }));
          return true;
        } catch (error) {
          showFormError(error, [field], formError);
          return false;
        }
      },
    }],
  });
}

/** @param {number} at milliseconds since 1970 */
function localInputValue(at) {
  return formatTime(new Date(at).toISOString(), 'local', 0).slice(0, 16).replace(' ', 'T');
}

/**
 * @param {Alert} alert
 * @param {Changed} changed
 */
export function confirmDeletion(alert, changed) {
  openDialog({
    title: 'Delete the alert?',
    body: h('p', null, h('strong', null, alert.name), ' is not checked any more. Its history, its destinations and their log go with it, and do not come back.'),
    actions: [{ label: 'Cancel' }, {
      label: 'Delete', kind: 'danger', onselect: () => act(async () => {
        await deleteAlert(alert.id);
        return null;
      }, 'Deleted.', changed),
    }],
  });
}

/**
 * Does something and says what came of it.
 * @param {() => Promise<Alert | null>} doIt
 * @param {string} text
 * @param {Changed} changed
 * @returns {Promise<boolean>} whether it worked
 */
async function act(doIt, text, changed) {
  try {
    const after = await doIt();
    toast(text);
    changed(after);
    return true;
  } catch (error) {
    toast(detailOf(error), { kind: 'error' });
    return false;
  }
}
