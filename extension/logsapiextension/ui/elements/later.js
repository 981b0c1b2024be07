/**
 * Parts of a page whose scripts are loaded when somebody wants them: a page has few to load
 * before it shows anything. What cannot be loaded is said, and can be tried again.
 * @module
 */

import { ApiError } from '../api/client.js';
import { h, replaceChildren } from '../dom.js';
import { detailOf, errorState, loadingState } from './empty-state.js';
import { toast } from './toast.js';

/** How long a busy browser may put off what is loaded when it is idle, in milliseconds. */
const longestWait = 2_000;

/**
 * Loads a part. It rejects with an ApiError when the script does not come: what browsers say
 * of that helps nobody.
 * @template Part
 * @param {() => Promise<Part>} load such as `() => import('./patterns.js')`
 * @returns {Promise<Part>}
 */
export async function loadPart(load) {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof TypeError && /modul/i.test(error.message))) throw error;
    throw new ApiError({ status: 0, code: 'unreachable', detail: 'This part of the page could not be loaded. Docket may be starting again, or the network has a problem.' });
  }
}

/**
 * The place of an element whose script is loaded now.
 * @param {() => Promise<unknown>} load
 * @param {() => HTMLElement} make makes the element, once its script is there
 * @returns {HTMLElement} with the element in it, as soon as that is made
 */
export function laterElement(load, make) {
  const place = h('div', null, loadingState());
  const fill = async () => {
    try {
      await loadPart(load);
      replaceChildren(place, make());
    } catch (error) {
      replaceChildren(place, errorState(error, fill));
    }
  };
  void fill();
  return place;
}

/**
 * Does something with a part that is loaded now, such as to open a dialog.
 * @template Part
 * @param {() => Promise<Part>} load
 * @param {(part: Part) => void} use
 */
export async function withPart(load, use) {
  try {
    use(await loadPart(load));
  } catch (error) {
    toast(detailOf(error), { kind: 'error', action: { label: 'Try again', onselect: () => void withPart(load, use) } });
  }
}

/**
 * Loads parts that somebody will want soon, when the browser has nothing else to do. Those
 * that do not come are loaded, or missed, when they are wanted.
 * @param {(() => Promise<unknown>)[]} loads
 */
export function loadWhenIdle(loads) {
  const begin = () => loads.forEach((load) => load().catch(() => undefined));
  if ('requestIdleCallback' in window) requestIdleCallback(begin, { timeout: longestWait });
  else setTimeout(begin, longestWait);
}
