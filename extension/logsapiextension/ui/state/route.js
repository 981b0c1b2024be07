/**
 * Which page is shown and in what state: all of it is in the fragment of the address
 * (`#/explore?q=level:error`), which no proxy or server ever sees.
 *
 * The window gets a `docket-route` event when it has changed.
 * @module
 */

/**
 * @typedef {URLSearchParams | Record<string, string | number | boolean | null | undefined>} Parameters
 */

/** What is wanted of a link without a path. */
const home = ['explore'];

class Route {
  /** @type {string[]} the parts of the path, such as `['alerts', 'new']` */
  path = home;
  parameters = new URLSearchParams();
  #fragment = '';

  constructor() {
    this.#read();
    // Moving back tells both, editing the address only the second.
    window.addEventListener('popstate', () => this.#changed());
    window.addEventListener('hashchange', () => this.#changed());
  }

  /** Tells everybody of a change, if there is one. */
  #changed() {
    if (location.hash === this.#fragment) return;
    this.#read();
    window.dispatchEvent(new CustomEvent('docket-route', { detail: this }));
  }

  #read() {
    this.#fragment = location.hash;
    const [path, query = ''] = splitOnce(location.hash.replace(/^#\/?/, ''), '?');
    const parts = path.split('/').filter((part) => part !== '').map(decode);
    this.path = parts.length > 0 ? parts : home;
    this.parameters = new URLSearchParams(query);
  }

  /**
   * @param {string} fragment
   * @param {boolean} replace
   * @param {boolean} silent
   */
  go(fragment, replace, silent) {
    if (fragment === location.hash) return;
    if (replace) history.replaceState(null, '', fragment);
    else history.pushState(null, '', fragment);
    if (silent) this.#read();
    else this.#changed();
  }
}

/** Where the page is. Only navigate changes it. */
export const route = new Route();

/**
 * Goes to a place.
 * @param {string[]} path
 * @param {Parameters} [parameters] those without a value are left out
 * @param {object} [options]
 * @param {boolean} [options.replace] true: the place before is not kept for the back button
 * @param {boolean} [options.silent] true: only the address changes, nobody is told
 */
export function navigate(path, parameters = {}, { replace = false, silent = false } = {}) {
  route.go(link(path, parameters), replace, silent);
}

/**
 * Returns the address of a place, for the href of a link. It stays in the present project
 * unless the parameters name another.
 * @param {string[]} path
 * @param {Parameters} [parameters]
 * @returns {string} such as `#/explore?project=1&q=level%3Aerror`
 */
export function link(path, parameters = {}) {
  const given = parameters instanceof URLSearchParams ? parameters : Object.entries(parameters);
  const query = new URLSearchParams();
  const project = route.parameters.get('project');
  if (project) query.set('project', project);
  for (const [name, value] of given) {
    if (value === null || value === undefined || value === '') query.delete(name);
    else query.set(name, String(value));
  }
  const text = query.toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text && `?${text}`}`;
}

/**
 * @param {string} text
 * @param {string} separator
 */
function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** @param {string} part */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
