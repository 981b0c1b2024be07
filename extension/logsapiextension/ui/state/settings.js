/**
 * What a person prefers, kept in this browser.
 * @module
 */

const prefix = 'docket-';

/** Every setting with the value that it has until it is changed. */
const defaults = {
  /** @type {'system' | 'light' | 'dark'} */
  theme: 'system',
  /** @type {'local' | 'utc'} in which zone times are shown */
  clock: 'local',
  /** @type {'shown' | 'hidden'} */
  histogram: 'shown',
  /** @type {'shown' | 'hidden'} */
  sidebar: 'shown',
  /** @type {string[] | null} ids of the columns of Explore; null is the page's own choice */
  columns: null,
  /** @type {boolean} whether long messages go on in further lines */
  wrap: false,
  /** @type {string[]} fields that stand first in the sidebar */
  'pinned-fields': [],
  /** @type {boolean} whether keys without a modifier do something */
  shortcuts: true,
};

/** @typedef {typeof defaults} Settings */

class SettingsStore {
  /** @type {Map<string, Set<(value: any) => void>>} */
  #listeners = new Map();
  /** @type {Map<string, unknown>} what cannot be stored, where storage is forbidden */
  #unstored = new Map();

  constructor() {
    // Another tab has changed something.
    window.addEventListener('storage', (event) => {
      if (event.key?.startsWith(prefix)) this.#tell(event.key.slice(prefix.length));
    });
  }

  /**
   * @template {keyof Settings} Name
   * @param {Name} name
   * @returns {Settings[Name]}
   */
  get(name) {
    if (this.#unstored.has(name)) return /** @type {any} */ (this.#unstored.get(name));
    try {
      const stored = localStorage.getItem(prefix + name);
      return stored === null ? defaults[name] : JSON.parse(stored);
    } catch {
      return defaults[name];
    }
  }

  /**
   * @template {keyof Settings} Name
   * @param {Name} name
   * @param {Settings[Name]} value
   */
  set(name, value) {
    try {
      localStorage.setItem(prefix + name, JSON.stringify(value));
      this.#unstored.delete(name);
    } catch {
      this.#unstored.set(name, value);
    }
    this.#tell(name);
  }

  /**
   * Calls the listener with each new value, not with the present one.
   * @template {keyof Settings} Name
   * @param {Name} name
   * @param {(value: Settings[Name]) => void} listener
   * @returns {() => void} ends it
   */
  subscribe(name, listener) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** @param {string} name */
  #tell(name) {
    for (const listener of this.#listeners.get(name) ?? []) listener(this.get(/** @type {keyof Settings} */ (name)));
  }
}

export const settings = new SettingsStore();
