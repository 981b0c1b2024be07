import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { api, expect, expectAccessible, expectNoSidewaysScrolling, key, open, test } from '../fixture.mjs';

const run = promisify(execFile);

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

/** A record of a service somewhere in the middle of what there is. */
async function someRecord(service) {
  const { results } = await api('POST', '/api/projects/1/logs/query', {
    query: { serviceNames: [service], dateRange: { date_from: '-7d' }, limit: 60 },
  });
  return results.at(-1);
}

test('a link to a record opens it alone, with its hash checked', async ({ page }) => {
  const record = await someRecord('checkout');
  await open(page, `record?id=${record.uuid}`);
  await expect(page.getByRole('heading', { level: 1, name: record.body })).toBeVisible();
  await expect(page.getByText('Matches the record')).toBeVisible();
  await expect(page.getByText(record.timestamp)).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'See it in Explore' }).click();
  await expect(page.locator(`.rows-row[data-id="${record.uuid}"]`)).toHaveAttribute('aria-expanded', 'true');
});

test('a record is copied as JSON, as a link, and as a command that reads it', async ({ page }) => {
  const record = await someRecord('payments');
  await open(page, `record?id=${record.uuid}&at=${record.timestamp}`);
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());

  await page.getByRole('button', { name: 'Copy JSON' }).click();
  await expect(page.getByText('Copied the record as JSON')).toBeVisible();
  expect(JSON.parse(await clipboard())).toMatchObject({ uuid: record.uuid, body: record.body, attributes: record.attributes });

  await page.getByRole('button', { name: 'Copy curl' }).click();
  await expect(page.getByText('Copied a command that reads the record')).toBeVisible();
  const command = await clipboard();
  expect(command, 'a key is not for the clipboard').not.toContain(key);
  const { stdout } = await run('sh', ['-c', command], { env: { ...process.env, DOCKET_KEY: key } });
  expect(JSON.parse(stdout).record.uuid).toBe(record.uuid);

  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(page.getByText('Copied a link to the record')).toBeVisible();
  await page.goto(await clipboard());
  await expect(page.getByRole('heading', { level: 1, name: record.body })).toBeVisible();
});

test('what happened around a record is shown without losing the search', async ({ page }) => {
  await open(page, 'explore?from=-7d&q=service:payments');
  const row = page.locator('.rows-row[aria-level="1"]').nth(20);
  await row.click();
  const address = page.url();
  await page.getByRole('tab', { name: 'Around it' }).click();
  const around = page.locator('.record-context tbody tr:not(.record-context-edge)');
  await expect(around).toHaveCount(21);
  await page.getByLabel('Records on each side').selectOption('5');
  await expect(around).toHaveCount(11);
  await page.getByRole('combobox').filter({ hasText: 'whole project' }).selectOption('project');
  await expect(around).toHaveCount(11);
  const times = await around.locator('time').evaluateAll((all) => all.map((time) => time.dateTime));
  expect(times.map(Date.parse)).toEqual(times.map(Date.parse).toSorted((a, b) => a - b));
  await expectAccessible(page, '.rows-detail');
  expect(page.url()).toBe(address);
});

test('maps are looked into, and what is in them can be searched', async ({ page }) => {
  const record = await someRecord('gateway');
  await open(page, `record?id=${record.uuid}`);
  const request = page.getByRole('button', { name: 'request', exact: true });
  await expect(request).toHaveAttribute('aria-expanded', 'true');
  const method = page.locator('.record-field', { hasText: 'http.request.method' });
  await method.hover();
  await method.getByRole('button', { name: 'Only with this http.request.method' }).click();
  await expect(page).toHaveURL(/#\/explore\?.*q=http\.request\.method%3DGET/);
});

test('long values are folded until one asks for all', async ({ page }) => {
  const { results } = await api('POST', '/api/projects/1/logs/query', {
    query: { searchTerm: 'region eu-north-1 sold', dateRange: { date_from: '-7d' }, limit: 1 },
  });
  await open(page, `record?id=${results[0].uuid}`);
  const field = page.locator('.record-field', { has: page.getByText('message', { exact: true }) });
  await expect(field).not.toContainText('done in');
  await field.getByRole('button', { name: /^Show all [\d,]+ characters of message/ }).click();
  await expect(field).toContainText('done in');
  await field.getByRole('button', { name: 'Show less of message' }).click();
  await expect(field).not.toContainText('done in');
});

test('a record fits a phone', async ({ page }) => {
  const { uuid } = await someRecord('gateway');
  await open(page, `record?id=${uuid}`);
  await expect(page.getByText('Matches the record')).toBeVisible();
  for (const width of [390, 360, 320]) {
    await page.setViewportSize({ width, height: 800 });
    await expectNoSidewaysScrolling(page);
  }
});

test('a link that names no record says what to do', async ({ page }) => {
  await open(page, 'record?id=nothing');
  await expect(page.getByText('This link names no record')).toBeVisible();
});

test.describe('of a record that is not there', () => {
  test.use({ tolerated: { console: [/404/] } });

  test('the page says why that may be', async ({ page }) => {
    await open(page, 'record?id=00000000-0000-7000-8000-000000000000');
    await expect(page.getByText('This record is not here')).toBeVisible();
    await expectAccessible(page);
  });
});
