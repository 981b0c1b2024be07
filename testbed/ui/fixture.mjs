/**
 * What every test of the page has: a tab that is signed in and watched. A test fails when
 * the page breaks its own policy, writes an error to the console, throws, asks another host
 * for anything, or runs a text that a record holds.
 */

import { test as base, expect } from '@playwright/test';
import AxeBuilder from '@axe-core/playwright';

export { expect };

/** The admin key of the Docket under test. */
export const key = /** @type {string} */ (process.env.DOCKET_UI_KEY);

/** How long a record may take to be found after it was answered, in milliseconds. */
export const findable = 2_000;

export const test = base.extend({
  /** Whether the tab has the key before the page is loaded. */
  isSignedIn: [true, { option: true }],

  /** What the console may say all the same, such as that an answer was the error that a test wants. */
  tolerated: [{ console: [] }, { option: true }],

  page: async ({ page, context, isSignedIn, tolerated, baseURL }, use) => {
    const problems = watch(page, new URL(/** @type {string} */ (baseURL)).origin, tolerated.console);
    context.on('page', (other) => {
      if (other !== page) problems.push(...watch(other, new URL(/** @type {string} */ (baseURL)).origin, tolerated.console));
    });
    await page.addInitScript(initialise, { key, isSignedIn });
    await use(page);
    expect(await page.evaluate(() => 'docketWasHacked' in window), 'a text of a record was run').toBe(false);
    expect(problems, 'what went wrong in the page').toEqual([]);
  },
});

/**
 * Runs in the tab before the page does.
 * @param {{key: string, isSignedIn: boolean}} options
 */
function initialise({ key, isSignedIn }) {
  document.addEventListener('securitypolicyviolation', (event) => {
    console.error(`policy violated: ${event.violatedDirective} by ${event.blockedURI} ${event.sample}`);
  });
  if (!location.protocol.startsWith('http')) return;
  // Once: who signs out is signed out after a reload too.
  if (isSignedIn && !sessionStorage.getItem('test-begun')) sessionStorage.setItem('docket-key', key);
  sessionStorage.setItem('test-begun', 'yes');
}

/**
 * @param {import('@playwright/test').Page} page
 * @param {string} origin
 * @param {RegExp[]} allowed
 * @returns {string[]} grows with what goes wrong
 */
function watch(page, origin, allowed) {
  /** @type {string[]} */
  const problems = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !allowed.some((pattern) => pattern.test(message.text()))) problems.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => problems.push(`thrown: ${error.stack ?? error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol) && url.origin !== origin) problems.push(`asked another host: ${request.url()}`);
  });
  page.on('dialog', (dialog) => {
    problems.push(`a dialog of the browser: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return problems;
}

/**
 * Opens a place of the page, such as `explore?q=level:error`.
 * @param {import('@playwright/test').Page} page
 * @param {string} [place]
 */
export async function open(page, place = '') {
  await page.goto(`/ui/${place && `#/${place}`}`);
}

/** The rules of axe that are about colours: all others find the same in every theme. */
const colourRules = ['color-contrast', 'link-in-text-block'];

/**
 * Expects that axe finds nothing wrong, in the light and in the dark theme.
 * @param {import('@playwright/test').Page} page
 * @param {string} [part] the selector of what to look at, such as a dialog, outside of which
 *   nothing can be reached
 */
export async function expectAccessible(page, part = 'html') {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Colours change from one theme to the other, however shortly.
    await page.evaluate(async () => {
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
    });
    // The other mode, which a page without frames does not need, opens a tab each time.
    const axe = new AxeBuilder({ page }).setLegacyMode(true).include(part);
    if (colorScheme === 'light') axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);
    else axe.withRules(colourRules);
    const { violations, passes } = await axe.analyze();
    expect(passes.length, 'rules of axe that found something to look at').toBeGreaterThan(0);
    const found = violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`) }));
    expect(found, `what axe finds in the ${colorScheme} theme`).toEqual([]);
  }
}

/**
 * Expects that nothing is wider than the window.
 * @param {import('@playwright/test').Page} page
 */
export async function expectNoSidewaysScrolling(page) {
  const widths = await page.evaluate(() => {
    const main = document.querySelector('main');
    return { page: document.documentElement.scrollWidth - document.documentElement.clientWidth, main: main ? main.scrollWidth - main.clientWidth : 0 };
  });
  expect(widths).toEqual({ page: 0, main: 0 });
}

/**
 * Expects that all of a text can be seen.
 * @param {import('@playwright/test').Locator} element
 */
export async function expectNotCut(element) {
  const hidden = await element.evaluate(({ scrollWidth, clientWidth, scrollHeight, clientHeight }) => [scrollWidth - clientWidth, scrollHeight - clientHeight]);
  expect(hidden, 'pixels of it that cannot be seen').toEqual([0, 0]);
}

/**
 * Sends a request to Docket's API with the admin key.
 * @param {string} method
 * @param {string} path such as `/api/projects/`
 * @param {unknown} [body]
 * @returns {Promise<any>} the decoded answer
 */
export async function api(method, path, body) {
  const response = await fetch(new URL(path, process.env.DOCKET_UI_URL), {
    method,
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? null : response.json();
}

/**
 * Waits until a project's records are found.
 * @param {{id: number}} project
 * @param {number} count how many there are
 */
export async function findRecords({ id }, count) {
  await expect.poll(async () => (await api('POST', `/api/projects/${id}/logs/count`, { query: { dateRange: { date_from: '-1d' } } })).count, {
    message: 'records that are found', intervals: [50, 100, 200], timeout: findable + 10_000,
  }).toBeGreaterThanOrEqual(count);
}

/**
 * Makes a project of its own for a test, without records.
 * @param {string} name
 * @returns {Promise<{id: number, name: string, api_token: string, organization: string}>}
 */
export function makeProject(name) {
  return api('POST', '/api/projects/', { name });
}

/**
 * Makes a key.
 * @param {string[]} scopes
 * @param {number[]} projects
 * @returns {Promise<{id: string, value: string}>}
 */
export function makeKey(scopes, projects) {
  return api('POST', '/api/personal_api_keys/', { label: `for ${scopes.join(', ') || 'nothing'}`, scopes, scoped_teams: projects });
}

/**
 * Posts an audit event in LogHub's format to a project.
 * @param {{id: number, organization: string}} project
 * @param {object} event
 */
export async function postAuditEvent(project, event) {
  const response = await fetch(`http://${process.env.DOCKET_UI_INGEST}/v1/event`, {
    method: 'POST',
    headers: { token: key, organization: project.organization, 'Docket-Project-Id': String(project.id), 'Content-Type': 'application/json' },
    body: JSON.stringify({ actor: { type: 'system', description: 'Nightly run' }, metadata: {}, external_id: 'acme', tags: [], context: {}, ...event }),
  });
  if (!response.ok) throw new Error(`post an audit event: ${response.status} ${await response.text()}`);
}

/**
 * Posts an event in LogSentry's format.
 * @param {string} token
 * @param {object} event
 */
export async function postEvent(token, event) {
  const response = await fetch(`http://${process.env.DOCKET_UI_INGEST}/api/auditlog`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(event),
  });
  if (!response.ok) throw new Error(`post an event: ${response.status} ${await response.text()}`);
}
