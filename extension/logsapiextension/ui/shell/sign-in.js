/**
 * Signing in with a key.
 * @module
 */

import { h, replaceChildren } from '../dom.js';
import { session } from '../state/session.js';
import { detailOf } from '../elements/empty-state.js';
import { icon } from '../elements/icons.js';
import { mark } from './mark.js';
import { ApiError } from '../api/client.js';

/** The page of those who are not signed in. */
export class SignIn extends HTMLElement {
  static tag = 'docket-sign-in';

  #key = h('input', {
    class: 'input mono', id: 'sign-in-key', type: 'password', required: true, autocomplete: 'current-password',
    autocapitalize: 'off', spellcheck: 'false', 'aria-describedby': 'sign-in-error sign-in-hint',
  });
  #reveal = h('button', { type: 'button', class: 'icon-button', onclick: () => this.#show(this.#key.type === 'password') });
  #error = h('p', { class: 'error', id: 'sign-in-error', role: 'alert' });
  #submit = h('button', { type: 'submit', class: 'button primary' }, 'Sign in');

  connectedCallback() {
    if (this.childElementCount === 0) this.append(this.#content());
    this.#key.value = '';
    this.#show(false);
    this.#tell(session.farewell);
    this.#key.focus();
  }

  #content() {
    return h('main', { class: 'sign-in' },
      h('form', { class: 'panel', onsubmit: (/** @type {Event} */ event) => this.#signIn(event) },
        h('div', { class: 'sign-in-title' }, mark(32), h('h1', null, 'Docket')),
        // Programs that keep keys ask for a name to keep them under.
        h('input', { type: 'text', autocomplete: 'username', value: 'docket', hidden: true }),
        h('div', { class: 'field' },
          h('label', { for: 'sign-in-key' }, 'Key'),
          h('div', { class: 'sign-in-key' }, this.#key, this.#reveal),
          this.#error,
          h('p', { class: 'hint', id: 'sign-in-hint' },
            'Any key that may read records. The admin key is in ', h('code', null, 'data/admin.key'),
            ' on the machine that runs Docket, unless it was set there in ', h('code', null, 'DOCKET_ADMIN_KEY'), '.')),
        this.#submit,
        h('p', { class: 'hint' }, 'The key stays in this tab and is forgotten when you close it.')));
  }

  /** @param {boolean} isShown whether the key can be read */
  #show(isShown) {
    this.#key.type = isShown ? 'text' : 'password';
    const label = isShown ? 'Hide the key' : 'Show the key';
    this.#reveal.setAttribute('aria-label', label);
    this.#reveal.title = label;
    replaceChildren(this.#reveal, icon(isShown ? 'eye-off' : 'eye'));
  }

  /** @param {string} text what is wrong, or "" */
  #tell(text) {
    this.#error.textContent = text;
    this.#error.hidden = text === '';
    if (text) this.#key.setAttribute('aria-invalid', 'true');
    else this.#key.removeAttribute('aria-invalid');
  }

  /** @param {Event} event */
  async #signIn(event) {
    event.preventDefault();
    this.#tell('');
    this.#submit.disabled = true;
    this.#submit.textContent = 'Signing in…';
    try {
      await session.signIn(this.#key.value.trim());
      this.#key.value = '';
    } catch (error) {
      this.#tell(explain(error));
      this.#key.select();
      this.#key.focus();
    } finally {
      this.#submit.disabled = false;
      this.#submit.textContent = 'Sign in';
    }
  }
}

customElements.define(SignIn.tag, SignIn);

/** @param {unknown} error */
function explain(error) {
  if (error instanceof ApiError && error.status === 401 && error.code === 'authentication_failed') {
    return 'Docket does not know this key: it is mistyped, cut off, or was revoked.';
  }
  return detailOf(error);
}
