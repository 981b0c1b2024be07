/**
 * Choosing the project to look at.
 * @module
 */

import { session } from '../state/session.js';
import { navigate, route } from '../state/route.js';
import { openMenu } from '../elements/menu.js';

/** What of a page's state has a meaning in another project too. */
const kept = ['from', 'to'];

/** The name of the project that is looked at. */
export function projectName() {
  return session.projects.find(({ id }) => id === session.project)?.name ?? '';
}

/**
 * Opens the list of projects at a button.
 * @param {HTMLElement} anchor
 */
export function openProjectPicker(anchor) {
  openMenu(anchor, session.projects.map(({ id, name }) => ({
    label: name, hint: String(id), checked: id === session.project, onselect: () => choose(id),
  })), { label: 'Projects' });
}

/** @param {number} id */
function choose(id) {
  if (id === session.project) return;
  const parameters = Object.fromEntries(kept.map((name) => [name, route.parameters.get(name)]));
  // A record or an alert of one project is not in another.
  navigate(route.path.slice(0, 1), { ...parameters, project: id });
}
