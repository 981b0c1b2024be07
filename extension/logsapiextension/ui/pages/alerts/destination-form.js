/**
 * The dialog that adds a destination to an alert.
 */
import { addDestination } from '../../api/alerts.js';
import { h, replaceChildren } from '../../dom.js';
import { openDialog } from '../../elements/dialog.js';
import { clearFormErrors, FormError, FormField, showFormError } from '../../elements/form-field.js';
import { toast } from '../../elements/toast.js';
import { destinationNames } from './words.js';

/**
 * @typedef {import('../../api/alerts.js').Alert} Alert
 * @typedef {import('../../api/alerts.js').DestinationType} DestinationType
 */

/**
 * A way to name where something goes: some types have several.
 * @typedef {object} Way
 * @property {DestinationType} type
 * @property {string} label
 * @property {string} help
 * @property {{name: string, label: string, placeholder?: string, kind?: 'number' | 'list', hint?: string, isNeeded?: boolean}[]} fields
 */

/** @param {string} placeholder */
const webhookField = (placeholder) => ({ name: 'webhook_url', label: 'Address', placeholder });

/** @type {readonly Way[]} */
const ways = Object.freeze([
  {
    type: 'webhook', label: destinationNames.webhook, fields: [webhookField('https://example.com/hook')],
    help: 'A signed POST with JSON. The secret of the signature is shown once, when the destination is made.',
  },
  {
    type: 'slack', label: 'Slack, incoming webhook', // Without an address the API takes it for a bot.
    fields: [{ ...webhookField('https://hooks.slack.com/services/…'), isNeeded: true }],
    help: 'In Slack, add the app “Incoming Webhooks” to a channel and copy its address.',
  },
  {
    type: 'slack', label: 'Slack, bot',
    help: 'For a bot whose token the operator has configured.',
    fields: [
      { name: 'slack_workspace_id', label: 'Workspace', kind: 'number', placeholder: '1', hint: 'The number that the operator has given it.' },
      { name: 'slack_channel_id', label: 'Channel id', placeholder: 'C0123456789' },
      { name: 'slack_channel_name', label: 'Channel name', placeholder: '#alerts', hint: 'Only shown here.' },
    ],
  },
  {
    type: 'teams', label: destinationNames.teams, fields: [webhookField('https://….webhook.office.com/…')],
    help: 'In the channel, make a workflow “Post to a channel when a webhook request is received” and copy its address.',
  },
  {
    type: 'discord', label: destinationNames.discord, fields: [webhookField('https://discord.com/api/webhooks/{id}/{token}')],
    help: 'In the channel’s settings, make a webhook under Integrations and copy its address.',
  },
  {
    type: 'pagerduty', label: destinationNames.pagerduty,
    fields: [{ name: 'routing_key', label: 'Routing key', placeholder: 'The integration key of the service' }],
    help: 'Of an integration with the Events API v2. A resolved alert closes the incident that it opened.',
  },
  {
    type: 'email', label: destinationNames.email,
    fields: [{ name: 'emails', label: 'Addresses', kind: 'list', placeholder: 'jo@example.com, sam@example.com', hint: 'Up to 20, with commas between.' }],
    help: 'Needs a mail server that the operator has configured.',
  },
]);

/**
 * @param {Alert} alert
 * @param {() => void} onadd is called when there is one more
 */
export function openDestinationForm(alert, onadd) {
  const formError = new FormError();
  const kind = new FormField({
    name: 'type', label: 'Kind', control: h('select', { class: 'input' }, ...ways.map((way, index) => h('option', { value: String(index) }, way.label))),
  });
  const rest = h('div', { class: 'form-section' });
  /** @type {FormField[]} */
  let fields = [];
  const draw = () => {
    const way = ways[Number(kind.control.value)];
    fields = way.fields.map(({ name, label, placeholder, hint, kind: fieldKind }) => new FormField({
      name, label, hint,
      control: h('input', {
        class: 'input', type: 'text', inputmode: fieldKind === 'number' ? 'numeric' : null, placeholder, autocomplete: 'off', spellcheck: 'false',
      }),
    }));
    formError.show('');
    replaceChildren(rest, h('p', { class: 'quiet-text' }, way.help), ...fields.map(({ element }) => element));
  };
  kind.control.addEventListener('change', draw);
  draw();

  const add = async () => {
    const way = ways[Number(kind.control.value)];
    clearFormErrors([kind, ...fields], formError);
    const empty = fields.find(({ control }, index) => way.fields[index].isNeeded && control.value.trim() === '');
    if (empty) {
      empty.showError('This is required.');
      empty.control.focus();
      return false;
    }
    try {
      const made = await addDestination(alert.id, { type: way.type, ...valuesOf(way, fields) });
      onadd();
      if (made.secret) showSecret(made.secret);
      else toast('The destination is added. Send it a test.');
      return true;
    } catch (error) {
      showFormError(error, [kind, ...fields], formError);
      return false;
    }
  };
  const dialog = openDialog({
    title: `Whom to tell of ${alert.name}`,
    body: h('form', {
      class: 'form-section', novalidate: true, onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        if (await add()) dialog.close();
      },
    }, kind.element, rest, formError.element),
    actions: [{ label: 'Cancel' }, { label: 'Add', kind: 'primary', onselect: add }],
  });
}

/**
 * What the fields say, as the API takes it.
 * @param {Way} way
 * @param {FormField[]} fields
 */
function valuesOf(way, fields) {
  return Object.fromEntries(way.fields.map(({ name, kind }, index) => {
    const text = fields[index].control.value.trim();
    if (kind === 'list') return [name, text.split(/[\s,;]+/).filter((one) => one !== '')];
    if (kind === 'number') return [name, text === '' ? null : text];
    return [name, text];
  }));
}

/** @param {string} secret */
function showSecret(secret) {
  const control = h('input', { class: 'input mono', type: 'text', readonly: true, value: secret });
  const field = new FormField({
    name: 'secret', label: 'Secret of the signature', control,
    hint: 'Keep it now: it is not shown again. Receivers check the header webhook-signature with it, as Standard Webhooks describes.',
  });
  openDialog({
    title: 'The webhook is added',
    body: h('div', { class: 'form-section' }, field.element),
    actions: [
      { label: 'Copy', onselect: async () => {
        await navigator.clipboard.writeText(secret);
        toast('Copied.');
        return false;
      } },
      { label: 'Done', kind: 'primary' },
    ],
  });
  control.select();
}
