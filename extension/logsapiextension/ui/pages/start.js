/**
 * How to send the first event. The page moves to Explore by itself when it has come.
 * @module
 */

import { h, replaceChildren } from '../dom.js';
import { ApiError, isAborted } from '../api/client.js';
import { session } from '../state/session.js';
import { link, navigate, route } from '../state/route.js';
import { detailOf, emptyState } from '../elements/empty-state.js';
import { icon } from '../elements/icons.js';
import { toast } from '../elements/toast.js';
import { copyText } from './explore/copy.js';
import { formats, sdkCommand } from './start-commands.js';

/** How often to look whether a record has come, in milliseconds. */
const interval = 1_000;

/** The ports that Docket listens on unless it was told otherwise. */
const ports = { ingest: 8318, otlp: 4318 };

/** The page of an empty project. */
export default class StartPage extends HTMLElement {
  static tag = 'docket-start-page';

  #status = h('p', { class: 'start-status', role: 'status' });
  #commands = h('div', { class: 'start-commands', id: 'start-commands', role: 'tabpanel', tabindex: -1 });
  #tabs = h('div', { class: 'start-tabs', role: 'tablist', 'aria-label': 'Format', onkeydown: (/** @type {KeyboardEvent} */ event) => this.#moveTab(event) });
  #ingest = addressField('start-ingest', 'Events are sent to', ports.ingest, () => this.#showCommand());
  #otlp = addressField('start-otlp', 'OTLP is sent to', ports.otlp, () => this.#showCommand());
  #ending = new AbortController();
  #timer = 0;

  connectedCallback() {
    this.#ending = new AbortController();
    replaceChildren(this, this.#content());
    void this.#look(true);
  }

  disconnectedCallback() {
    this.#ending.abort();
    clearTimeout(this.#timer);
  }

  /** The route has changed: another format was chosen. */
  update() {
    if (!this.#project.api_token) return;
    const chosen = this.#format;
    replaceChildren(this.#tabs, formats.map(({ id, label }) => h('button', {
      type: 'button', role: 'tab', id: `start-tab-${id}`, class: 'button quiet', 'aria-controls': 'start-commands',
      'aria-selected': String(id === chosen.id), tabindex: id === chosen.id ? 0 : -1,
      onclick: () => this.#choose(id),
    }, label)));
    this.#commands.setAttribute('aria-labelledby', `start-tab-${chosen.id}`);
    this.#showCommand();
  }

  get #project() {
    return /** @type {import('../state/session.js').Project} */ (session.projects.find(({ id }) => id === session.project));
  }

  get #format() {
    return formats.find(({ id }) => id === route.parameters.get('format')) ?? formats[0];
  }

  /** @param {string} format */
  #choose(format) {
    navigate(['start'], { format }, { replace: true });
  }

  /** @param {KeyboardEvent} event */
  #moveTab(event) {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const at = formats.indexOf(this.#format);
    this.#choose(/** @type {import('./start-commands.js').Format} */ (formats.at((at + step) % formats.length)).id);
    /** @type {HTMLElement | null} */ (this.#tabs.querySelector('[aria-selected="true"]'))?.focus();
  }

  #content() {
    const { name, api_token: token } = this.#project;
    if (!token) {
      return h('div', { class: 'page start' },
        h('h1', null, 'Send an event'),
        emptyState({
          icon: 'info', title: `Nothing can be sent to ${name}`,
          text: 'Only Docket itself writes there. Choose another project at the top of the page.',
        }));
    }
    return h('div', { class: 'page start' },
      h('header', null, h('h1', null, 'Send an event'), this.#status),
      h('ol', { class: 'start-steps' },
        h('li', null,
          h('h2', null, 'Run this where Docket can be reached'),
          this.#tabs, this.#commands),
        h('li', null,
          h('h2', null, 'See it here'),
          h('p', { class: 'quiet-text' }, 'Docket answers once the record is on disk. It is found within two seconds.'))),
      h('details', { class: 'start-more' },
        h('summary', null, 'Addresses and keys'),
        h('p', { class: 'quiet-text' },
          'The commands have the token of the project “', name, '”, which may post records into it and do nothing else. ',
          'Their addresses are this page’s host with Docket’s usual ports; change them here if yours are others.'),
        h('div', { class: 'start-addresses' }, this.#ingest.field, this.#otlp.field)));
  }

  #showCommand() {
    const target = { ingest: this.#ingest.value(), otlp: this.#otlp.value(), token: this.#project.api_token, project: this.#project };
    const { label, note, id, command } = this.#format;
    replaceChildren(this.#commands,
      h('p', { class: 'quiet-text' }, note),
      commandBlock(`Command for ${label}`, command(target)),
      id === 'otlp' && commandBlock('Settings of an SDK', sdkCommand(target)));
  }

  /**
   * Looks whether there is a record, again and again until there is.
   * @param {boolean} isFirst
   */
  async #look(isFirst) {
    const { signal } = this.#ending;
    try {
      const { hasLogs } = await session.client.get(`${session.projectPath}has_logs`, { signal });
      if (hasLogs && isFirst) return this.#tellOfRecords();
      if (hasLogs) return arrive();
      this.#tell('waiting', 'Waiting for the first record…');
    } catch (error) {
      if (isAborted(error) || signal.aborted) return;
      this.#tell('problem', detailOf(error));
      if (error instanceof ApiError && error.status === 403) return;
    }
    this.#timer = setTimeout(() => this.#look(false), interval);
  }

  #tellOfRecords() {
    this.#tell('done', 'This project has records already. ', h('a', { href: link(['explore']) }, 'Explore them'));
  }

  /**
   * @param {'waiting' | 'done' | 'problem'} state
   * @param {...import('../dom.js').Child} text
   */
  #tell(state, ...text) {
    const words = h('span', null, text);
    // What is said again and again would be read out again and again.
    if (this.#status.dataset.state === state && this.#status.textContent === words.textContent) return;
    this.#status.dataset.state = state;
    replaceChildren(this.#status, h('span', { class: 'start-light', 'aria-hidden': 'true' }), words);
  }
}

function arrive() {
  toast('The first record is here.');
  navigate(['explore'], {}, { replace: true });
}

/**
 * @param {string} label
 * @param {string} command
 */
function commandBlock(label, command) {
  return h('figure', { class: 'start-command' },
    // It scrolls, so it must be reachable by keyboard.
    h('pre', { tabindex: 0, role: 'region', 'aria-label': label }, command),
    h('button', { type: 'button', class: 'button small', 'aria-label': `Copy: ${label}`, onclick: () => copyText(command, 'the command') }, icon('copy', { size: 14 }), 'Copy'));
}

/**
 * @param {string} id
 * @param {string} label
 * @param {number} port
 * @param {() => void} onchange
 */
function addressField(id, label, port, onchange) {
  const usual = `${location.protocol}//${location.hostname}:${port}`;
  const input = h('input', { class: 'input mono', id, value: usual, spellcheck: 'false', oninput: onchange });
  return {
    field: h('div', { class: 'field' }, h('label', { for: id }, label), input),
    value: () => input.value.trim().replace(/\/+$/, '') || usual,
  };
}
