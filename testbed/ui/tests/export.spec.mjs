import { readFile } from 'node:fs/promises';
import { api, expect, expectAccessible, open, test } from '../fixture.mjs';

/** A day that has some thousand records and gets no more. */
const day = () => {
  const end = new Date(Date.now() - 2 * 86_400_000);
  return { from: new Date(end.getTime() - 86_400_000).toISOString(), to: end.toISOString() };
};

/** Opens the dialog on a day's records; returns how many these are. */
async function openDialog(page) {
  const { from, to } = day();
  const { count } = await api('POST', '/api/projects/1/logs/count', { query: { dateRange: { date_from: from, date_to: to } } });
  await open(page, `explore?from=${from}&to=${to}`);
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Export' });
  await expect(dialog.getByText(`${count.toLocaleString('en')} records, all that the search finds.`)).toBeVisible();
  return { dialog, count };
}

/** @param {import('@playwright/test').Page} page @param {import('@playwright/test').Locator} dialog */
async function save(page, dialog) {
  const download = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  return readFile(await (await download).path(), 'utf8');
}

test('the whole result is exported as CSV, with the columns shown', async ({ page }) => {
  const { dialog, count } = await openDialog(page);
  await expectAccessible(page, 'dialog');
  await dialog.getByLabel('the columns shown').check();
  const lines = (await save(page, dialog)).split(/\r?\n/);
  expect(lines[0]).toBe('timestamp,level,service_name,body');
  expect(lines.length).toBeGreaterThan(count);
  await expect(dialog.getByText(`Exported ${count.toLocaleString('en')} records`)).toBeVisible();
});

test('NDJSON and JSON have every record', async ({ page }) => {
  const { dialog, count } = await openDialog(page);
  await dialog.getByLabel('NDJSON').check();
  const lines = (await save(page, dialog)).trimEnd().split('\n').map((line) => JSON.parse(line));
  expect(lines.length).toBe(count);
  await dialog.getByRole('button', { name: 'Export something else' }).click();
  await dialog.getByRole('radio', { name: 'JSON one list' }).check();
  const list = JSON.parse(await save(page, dialog));
  expect(list.map(({ uuid }) => uuid)).toEqual(lines.map(({ uuid }) => uuid));
});

test('an export says how far it is, and is cancelled without a file', async ({ page }) => {
  let downloads = 0;
  page.on('download', () => (downloads += 1));
  const { dialog } = await openDialog(page);
  // An answer that does not end.
  await page.evaluate(() => {
    const { fetch } = window;
    window.fetch = (input, init) => {
      if (!String(input).includes('/export')) return fetch(input, init);
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('a\n1\n2\n3\n'));
          init.signal.addEventListener('abort', () => controller.error(new DOMException('gone', 'AbortError')));
        },
      });
      return Promise.resolve(new Response(body));
    };
  });
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await expect(dialog.getByText(/^3 of [\d,]+ records, 8 B/)).toBeVisible();
  await expect(dialog.getByRole('progressbar', { name: 'Exported records' })).toBeVisible();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog.getByText('The export was cancelled. Nothing was saved.')).toBeVisible();
  expect(downloads).toBe(0);
});

test('a large export is written to the disk as it comes, and kept only when it is whole', async ({ page }) => {
  await page.addInitScript(() => {
    window.written = { bytes: 0, closed: 0, aborted: 0 };
    window.showSaveFilePicker = async () => ({
      createWritable: async () => ({
        write: async (bytes) => (window.written.bytes += bytes.length),
        close: async () => (window.written.closed += 1),
        abort: async () => (window.written.aborted += 1),
      }),
    });
  });
  await page.route('**/logs/count', (route) => route.fulfill({ json: { count: 300_000 } }));
  await open(page, 'explore?from=-7d');
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Export' });
  await expect(dialog.getByText('300,000 records')).toBeVisible();
  await page.route('**/logs/export**', (route) => route.fulfill({ contentType: 'text/csv', body: 'a\n1\n' }));
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await expect(dialog.getByText('Exported 1 records')).toBeVisible();
  expect(await page.evaluate(() => window.written)).toEqual({ bytes: 4, closed: 1, aborted: 0 });
});

test.describe('when it breaks off', () => {
  test.use({ permissions: ['clipboard-read', 'clipboard-write'], tolerated: { console: [/ERR_/, /Failed to load resource/] } });

  test('nothing is taken for the whole, and the search can be copied as a command instead', async ({ page }) => {
    const { dialog } = await openDialog(page);
    await page.route('**/logs/export**', (route) => route.abort());
    await dialog.getByRole('button', { name: 'Export', exact: true }).click();
    await expect(dialog.getByRole('alert')).toContainText('The export broke off, and nothing was saved.');
    await dialog.getByRole('button', { name: 'Export something else' }).click();
    await dialog.getByRole('button', { name: 'Copy as curl' }).click();
    await expect(page.getByText('Copied a command that asks for these records')).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('/api/projects/1/logs/query');
  });
});
