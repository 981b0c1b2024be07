/**
 * What is around every page: the header, and the place of the page below it.
 * @module
 */

import { h, replaceChildren } from '../dom.js';
import { session } from '../state/session.js';
import { link, navigate } from '../state/route.js';
import { settings } from '../state/settings.js';
import { icon } from '../elements/icons.js';
import { openMenu } from '../elements/menu.js';
import { shortcuts } from '../elements/shortcuts.js';
import { mark } from './mark.js';
import { openProjectPicker, projectName } from './project-picker.js';
import { themes } from './theme.js';

/** The pages that the header leads to, by the first part of their path. */
const places = [
  { name: 'explore', label: 'Explore', key: 'g e' },
  { name: 'views', label: 'Views', key: 'g v' },
  { name: 'alerts', label: 'Alerts', key: 'g a' },
  { name: 'audit', label: 'Audit', key: 'g u' },
];

const themeIcons = /** @type {const} */ ({ system: 'monitor', light: 'sun', dark: 'moon' });

/** The frame of the page; its `main` is where the pages go. */
export class Shell extends HTMLElement {
  static tag = 'docket-shell';

  main = h('main', { tabindex: -1, id: 'main' });
  #project = h('button', { type: 'button', class: 'button quiet project-button', 'aria-haspopup': 'menu', onclick: () => openProjectPicker(this.#project) });
  #navigation = h('nav', { 'aria-label': 'Pages' });
  #clock = h('button', { type: 'button', class: 'button quiet small clock-button', 'aria-haspopup': 'menu', onclick: () => this.#openClock() });
  #theme = h('button', { type: 'button', class: 'icon-button', 'aria-haspopup': 'menu', onclick: () => this.#openTheme() });
  #account = h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Key and session', title: 'Key and session', 'aria-haspopup': 'menu', onclick: () => this.#openAccount() }, icon('key'));
  #place = '';
  /** @type {(() => void)[]} what ends when the shell is removed */
  #endings = [];

  connectedCallback() {
    this.#endings = [
      settings.subscribe('clock', () => this.#show()),
      settings.subscribe('theme', () => this.#show()),
      session.subscribe(() => this.#show()),
      ...places.map(({ name, label, key }) => shortcuts.add(key, label, () => navigate([name]), { group: 'Everywhere' })),
    ];
    if (this.childElementCount === 0) this.append(this.#header(), this.main);
    this.#show();
  }

  disconnectedCallback() {
    for (const end of this.#endings) end();
    replaceChildren(this.main);
  }

  /**
   * Marks a page as the present one.
   * @param {string} name
   */
  mark(name) {
    this.#place = name;
    this.#show();
  }

  #header() {
    const skip = h('button', { type: 'button', class: 'skip button', onclick: () => this.main.focus() }, 'Skip to the page');
    return h('header', { class: 'shell-header' },
      skip,
      h('a', { class: 'shell-mark', href: link(['explore']), 'aria-label': 'Docket', onclick: () => this.#show() }, mark(22)),
      this.#project,
      this.#navigation,
      h('div', { class: 'shell-tools' },
        this.#clock,
        this.#theme,
        h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Keyboard', title: 'Keyboard (?)', onclick: () => shortcuts.openSheet() }, icon('keyboard')),
        this.#account));
  }

  #show() {
    if (!session.isSignedIn) return;
    replaceChildren(this.#project, icon('project'), h('span', null, projectName()), icon('chevron-down', { size: 12 }));
    this.#project.setAttribute('aria-label', `Project: ${projectName()}`);
    replaceChildren(this.#navigation, places.map(({ name, label }) =>
      h('a', { href: link([name]), 'aria-current': this.#place === name ? 'page' : null }, label)));
    const isUTC = settings.get('clock') === 'utc';
    replaceChildren(this.#clock, icon('clock', { size: 14 }), isUTC ? 'UTC' : 'Local');
    this.#clock.setAttribute('aria-label', `Times are shown in ${isUTC ? 'UTC' : `local time (${zone()})`}`);
    const theme = settings.get('theme');
    replaceChildren(this.#theme, icon(themeIcons[theme]));
    this.#theme.setAttribute('aria-label', `Theme: ${themes[theme]}`);
    this.#theme.title = `Theme: ${themes[theme]}`;
  }

  #openClock() {
    const clock = settings.get('clock');
    openMenu(this.#clock, [
      { label: 'Local time', hint: zone(), checked: clock === 'local', onselect: () => settings.set('clock', 'local') },
      { label: 'UTC', checked: clock === 'utc', onselect: () => settings.set('clock', 'utc') },
    ], { label: 'Time zone' });
  }

  #openTheme() {
    const present = settings.get('theme');
    openMenu(this.#theme, /** @type {(keyof typeof themes)[]} */ (Object.keys(themes)).map((theme) => ({
      label: themes[theme], checked: theme === present, onselect: () => settings.set('theme', theme),
    })), { label: 'Theme' });
  }

  #openAccount() {
    const user = session.user;
    openMenu(this.#account, [
      { heading: `${user?.first_name || 'A key without a name'} · ${session.mayWrite ? 'reads and writes' : 'reads only'}` },
      { separator: true },
      { label: 'Send events…', icon: 'send', onselect: () => navigate(['start']) },
      { label: 'Sign out', icon: 'sign-out', onselect: () => session.signOut() },
    ], { label: 'Key and session' });
  }
}

customElements.define(Shell.tag, Shell);

/** The name of the local time zone. */
function zone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
