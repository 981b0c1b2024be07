import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, expectAccessible, makeProject, open, test } from '../fixture.mjs';

const run = promisify(execFile);

/** The addresses of the Docket under test, which has no usual ports. */
const addresses = { ingest: `http://${process.env.DOCKET_UI_INGEST}`, otlp: `http://${process.env.DOCKET_UI_OTLP}` };

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

for (const format of ['LogSentry', 'LogHub', 'CodeMash', 'OpenTelemetry']) {
  test(`an empty project shows how to send an event of ${format}, and moves to Explore when it has come`, async ({ page }) => {
    const { id, name } = await makeProject(`Empty, for ${format}`);
    await open(page, `explore?project=${id}`);
    await expect(page).toHaveTitle('First event · Docket');
    await expect(page.getByRole('button', { name: `Project: ${name}` })).toBeVisible();
    await expect(page.getByRole('status').filter({ hasText: 'Waiting for the first record…' })).toBeVisible();

    await page.getByText('Addresses and keys').click();
    await page.getByLabel('Events are sent to').fill(`${addresses.ingest}/`);
    await page.getByLabel('OTLP is sent to').fill(addresses.otlp);
    await page.getByRole('tab', { name: format }).click();
    await page.getByRole('button', { name: `Copy: Command for ${format}` }).click();
    await expect(page.getByText('Copied the command')).toBeVisible();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    expect(command).toBe(await page.getByRole('region', { name: `Command for ${format}` }).textContent());
    const { stdout } = await run('sh', ['-c', command]);
    expect(stdout, command).not.toContain('error');

    await expect(page).toHaveTitle('Explore · Docket');
    await expect(page.getByText('The first record is here.')).toBeVisible();
    await expect(page).toHaveURL(new RegExp(`#/explore\\?project=${id}$`));
    await page.getByRole('link', { name: 'Views' }).click();
    await page.goBack();
    await expect(page).toHaveTitle('Explore · Docket');
  });
}

test('the commands have the page’s host and the usual ports', async ({ page }) => {
  await open(page, 'start');
  await expect(page.getByRole('region', { name: 'Command for LogSentry' })).toContainText("'http://127.0.0.1:8318/api/auditlog'");
  await page.getByRole('tab', { name: 'LogSentry' }).press('ArrowLeft');
  await expect(page.getByRole('tab', { name: 'OpenTelemetry' })).toBeFocused();
  await expect(page.getByRole('region', { name: 'Command for OpenTelemetry' })).toContainText("'http://127.0.0.1:4318/v1/logs'");
  await expect(page.getByRole('region', { name: 'Settings of an SDK' })).toContainText('OTEL_EXPORTER_OTLP_ENDPOINT');
});

test('where there are records already, the page stays until it is left', async ({ page }) => {
  await open(page, 'explore?project=1');
  await page.getByRole('button', { name: 'Key and session' }).click();
  await page.getByRole('menuitem', { name: 'Send events…' }).click();
  await expect(page.getByText('This project has records already.')).toBeVisible();
  await page.getByRole('link', { name: 'Explore them' }).click();
  await expect(page).toHaveTitle('Explore · Docket');
});

test('nothing can be sent to the audit trail', async ({ page }) => {
  await open(page, 'start?project=2000000000');
  await expect(page.getByText("Nothing can be sent to Docket's audit trail")).toBeVisible();
  await expectAccessible(page);
});

test('the page is accessible', async ({ page }) => {
  await open(page, 'start?format=otlp');
  await expect(page.getByRole('region', { name: 'Settings of an SDK' })).toBeVisible();
  await page.getByText('Addresses and keys').click();
  await expectAccessible(page);
});
