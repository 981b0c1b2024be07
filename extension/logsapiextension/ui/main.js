/**
 * Starts the page: the theme, the session, and the page that the address names.
 * @module
 */

import { h, replaceChildren } from './dom.js';
import { session } from './state/session.js';
import { navigate, route } from './state/route.js';
import { errorState, loadingState } from './elements/empty-state.js';
import { loadPart } from './elements/later.js';
import { applyTheme } from './shell/theme.js';
import { Shell } from './shell/shell.js';
import { SignIn } from './shell/sign-in.js';

/**
 * A page, by the first part of the path. Its module's default export is a custom element
 * with a static tag. It is told of the route once it is shown and whenever that changes, and
 * removed when it is left or another project is chosen.
 * @typedef {HTMLElement & {update?: (route: import('./state/route.js').route) => void}} Page
 * @typedef {{default: (new () => Page) & {tag: string}}} PageModule
 */

/** @type {Record<string, {title: string, load: () => Promise<any>}>} */
const pages = {
  explore: { title: 'Explore', load: () => import('./pages/explore/explore.js') },
  views: { title: 'Views', load: () => import('./pages/views.js') },
  alerts: { title: 'Alerts', load: () => import('./pages/alerts/alerts.js') },
  audit: { title: 'Audit', load: () => import('./pages/audit/audit.js') },
  record: { title: 'Record', load: () => import('./pages/record.js') },
  start: { title: 'First event', load: () => import('./pages/start.js') },
};

const shell = new Shell();
const signIn = new SignIn();

/** What is shown in the shell: a page of the path's first part, for a project. */
let shown = { name: '', project: 0 };
/** @type {Page | null} */
let page = null;

/** Projects that are known to have records. */
const projectsWithRecords = new Set();

/** Shows what the session and the route say. */
async function show() {
  if (!session.isSignedIn) {
    leavePage();
    if (!signIn.isConnected) document.body.replaceChildren(signIn);
    document.title = 'Sign in · Docket';
    return;
  }
  agreeOnProject();
  if (!shell.isConnected) document.body.replaceChildren(shell);
  const name = route.path[0];
  if (!Object.hasOwn(pages, name)) {
    navigate(['explore'], {}, { replace: true });
    return;
  }
  shell.mark(name);
  if (name === 'explore' && !asksForRecords()) void leadToFirstEvent();
  document.title = `${pages[name].title} · Docket`;
  if (name === shown.name && session.project === shown.project) page?.update?.(route);
  else await enterPage(name);
}

/** The address wins over what was looked at last; without one there it gets the latter. */
function agreeOnProject() {
  const wanted = Number(route.parameters.get('project'));
  if (wanted && session.chooseProject(wanted)) return;
  navigate(route.path, { ...Object.fromEntries(route.parameters), project: session.project }, { replace: true, silent: true });
}

/** @param {string} name */
async function enterPage(name) {
  const isFirst = shown.name === '';
  leavePage();
  const entered = { name, project: session.project };
  shown = entered;
  replaceChildren(shell.main, loadingState());
  try {
    const { default: PageElement } = /** @type {PageModule} */ (await loadPart(pages[name].load));
    if (shown !== entered) return;
    if (!customElements.get(PageElement.tag)) customElements.define(PageElement.tag, PageElement);
    page = new PageElement();
    replaceChildren(shell.main, page);
    page.update?.(route);
    if (!isFirst) shell.main.focus({ preventScroll: true });
  } catch (error) {
    if (shown !== entered) return;
    replaceChildren(shell.main, errorState(error, () => enterPage(name)));
  }
}

/** Who searches or follows has an answer where they are, also while nothing is found yet. */
const asksForRecords = () => route.parameters.has('q') || route.parameters.has('tail');

/** Shows how to send the first event, where there is none yet. */
async function leadToFirstEvent() {
  const { project } = session;
  if (projectsWithRecords.has(project)) return;
  try {
    const { hasLogs } = await session.client.get(`${session.projectPath}has_logs`);
    if (hasLogs) projectsWithRecords.add(project);
    else if (session.project === project && route.path[0] === 'explore' && !asksForRecords()) navigate(['start'], {}, { replace: true });
  } catch {
    // The page itself says what is wrong.
  }
}

function leavePage() {
  page?.remove();
  page = null;
  shown = { name: '', project: 0 };
}

/** Goes on with the session that this tab had, if any. */
async function restore() {
  try {
    if (!(await session.restore())) await show(); // else the session tells
  } catch (error) {
    replaceChildren(document.body, h('main', null, errorState(error, restore)));
  }
}

applyTheme();
window.addEventListener('docket-route', show);
session.subscribe(show);
await restore();
