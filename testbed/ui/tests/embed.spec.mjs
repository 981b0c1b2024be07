import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { test as base } from '@playwright/test';
import { api, expect, expectAccessible, findRecords, makeProject, postAuditEvent } from '../fixture.mjs';

const docket = /** @type {string} */ (process.env.DOCKET_UI_URL);
const hostile = '<img src=x onerror="window.docketWasHacked=1">';

/**
 * An app of somebody else's, on another origin, with a policy of its own, that shows the
 * table of one workspace.
 */
const test = base.extend({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the names from the pattern
  app: async ({}, use) => {
    const project = await makeProject('Embedded');
    const app = { project, workspace: 'acme', life: 3600, tokens: 0, isSignedIn: true, origin: '' };
    const server = createServer(async (request, response) => {
      if (request.url === '/docket-token') {
        app.tokens += 1;
        if (!app.isSignedIn) {
          response.writeHead(403).end();
          return;
        }
        const body = { external_id: app.workspace, origin: app.origin, expires_in: app.life };
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(await api('POST', `/api/projects/${project.id}/embed_tokens/`, body)));
        return;
      }
      response.writeHead(200, {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': `default-src 'none'; script-src ${docket}; connect-src 'self' ${docket}; img-src 'self'; style-src 'unsafe-inline'`,
      });
      response.end(`<!doctype html><html lang="en"><title>Settings</title><meta name="color-scheme" content="light dark">
        <link rel="icon" href="data:,"><style>body { background: Canvas; color: CanvasText }</style><main><h1>Audit log of your workspace</h1>
        <script type="module" src="${docket}/ui/embed/docket-audit-table.js"></script>
        <docket-audit-table token-url="/docket-token" page-size="2"></docket-audit-table></main></html>`);
    });
    await new Promise((listening) => server.listen(0, '127.0.0.1', () => listening(null)));
    app.origin = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;
    for (const event of [
      { action: 'user.login', actor: { type: 'user', data: { name: 'Ada', email: 'ada@example.com', internal_id: '1' } } },
      { action: 'invoice.delete', metadata: { old: { total: 5, note: hostile }, new: null } },
      { action: 'plan.update', actor: { type: 'user', data: { name: hostile, email: 'x@example.com', internal_id: '2' } }, metadata: { old: { seats: 5 }, new: { seats: 9 } } },
      { action: 'of.another', external_id: 'globex' },
    ]) {
      await postAuditEvent(project, event);
    }
    await findRecords(app.project, 4);
    await use(app);
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  },
  page: async ({ page }, use) => {
    /** @type {string[]} */
    const problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    await use(page);
    expect(problems).toEqual([]);
    expect(await page.evaluate(() => 'docketWasHacked' in window), 'a text of a record was run').toBe(false);
  },
});

test('a customer sees the events of their workspace, page by page, and no others', async ({ page, app }) => {
  await page.goto(app.origin);
  const rows = page.locator('table.events > tbody > tr');
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText(`${hostile} updated plan`);
  await rows.first().getByText('What changed').click();
  await expect(page.getByRole('row', { name: 'seats 5 9' })).toBeVisible();
  await page.getByRole('button', { name: 'Earlier events' }).click();
  await expect(rows).toHaveCount(3);
  await expect(rows.last()).toContainText('Ada signed in');
  await expect(page.getByRole('button', { name: 'Earlier events' })).toBeHidden();
  expect(app.tokens, 'one token serves as long as it lives').toBe(1);
  await expectAccessible(page);
});

test('events are filtered by actor, action and date', async ({ page, app }) => {
  await page.goto(app.origin);
  const rows = page.locator('table.events > tbody > tr');
  await page.getByLabel('Who').fill('ADA');
  await page.keyboard.press('Enter');
  await expect(rows).toHaveCount(1);
  await page.getByLabel('Who').fill('');
  await page.getByLabel('Did what').fill('invoice');
  await page.keyboard.press('Enter');
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText('Nightly run deleted invoice');
  await page.getByLabel('Until').fill('2020-01-01');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByText('No events are like that.')).toBeVisible();
});

test('all events are saved as CSV', async ({ page, app }) => {
  await page.goto(app.origin);
  await expect(page.locator('table.events > tbody > tr')).toHaveCount(2);
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download CSV' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe('audit-events.csv');
  const lines = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toBe('time,action,actor,actor_email,actor_id,actor_description,ip,details,id,hash');
});

test('a token that ends is replaced before anybody notices', async ({ page, app }) => {
  await page.clock.install();
  app.life = 60;
  await page.goto(app.origin);
  await expect(page.locator('table.events > tbody > tr')).toHaveCount(2);
  await page.clock.fastForward(45_000);
  await page.getByRole('button', { name: 'Search' }).click();
  await expect.poll(() => app.tokens).toBe(2);
  await expect(page.locator('table.events > tbody > tr')).toHaveCount(2);
});

test('an app that gives no token is told apart from a Docket that is away', async ({ page, app }) => {
  app.isSignedIn = false;
  await page.goto(app.origin);
  await expect(page.getByRole('alert')).toContainText('The app gave no access (status 403)');
  app.isSignedIn = true;
  await page.route(`${docket}/api/embed/**`, (route) => route.abort());
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByRole('alert')).toContainText('The audit log does not answer');
  await page.unroute(`${docket}/api/embed/**`);
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.locator('table.events > tbody > tr')).toHaveCount(2);
});

test('a token is of no use to pages of another origin', async ({ page, app }) => {
  const { token } = await api('POST', `/api/projects/${app.project.id}/embed_tokens/`, { external_id: 'acme', origin: 'https://app.example.com' });
  await page.goto(app.origin);
  const status = await page.evaluate(async ([address, bearer]) => (await fetch(address, { headers: { Authorization: `Bearer ${bearer}` } })).status,
    [`${docket}/api/embed/events`, token]);
  expect(status).toBe(403);
});

test('its colours and font are the app’s to choose', async ({ page, app }) => {
  await page.goto(app.origin);
  await expect(page.locator('table.events > tbody > tr')).toHaveCount(2);
  await page.addStyleTag({ content: 'docket-audit-table { --docket-text: rgb(1, 2, 3); --docket-font: 20px/2 serif; }' });
  const table = page.locator('table.events');
  await expect(table).toHaveCSS('color', 'rgb(1, 2, 3)');
  await expect(table).toHaveCSS('font-size', '20px');
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
});

test('it stands alone in a frame only where the operator allows it', async ({ page, app }) => {
  const { token } = await api('POST', `/api/projects/${app.project.id}/embed_tokens/`, { external_id: 'acme', origin: docket });
  await page.goto(`${docket}/ui/embed/table.html#token=${token}`);
  await expect(page.locator('table.events > tbody > tr')).toHaveCount(3);
  await expectAccessible(page);
  await page.goto(`${docket}/ui/embed/table.html`);
  await page.reload();
  await expect(page.getByRole('alert')).toContainText('#token=');
  const response = await page.request.get(`${docket}/ui/embed/table.html`);
  expect(response.headers()['content-security-policy']).toContain("frame-ancestors 'none'");
});
