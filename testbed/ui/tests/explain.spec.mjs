import { expect, expectAccessible, key, makeKey, makeProject, open, test } from '../fixture.mjs';
import { sendRecords } from '../otlp.mjs';

/**
 * Opens the explanation of the only record that a search finds.
 * @param {import('@playwright/test').Page} page
 * @param {number} project
 * @param {string} q
 */
async function openExplain(page, project, q) {
  await open(page, `explore?project=${project}&q=${encodeURIComponent(q)}&from=-1h`);
  const row = page.locator('docket-log-rows [role="row"]').filter({ hasText: q });
  await expect(row.first()).toBeVisible();
  await row.first().click();
  await page.getByRole('tab', { name: 'Explain' }).click();
  return page.locator('docket-explain');
}

test('a record is explained when somebody asks for it, kept, and explained anew', async ({ page }) => {
  test.slow();
  const { id } = await makeProject('Explain: record');
  await sendRecords(id, [{ body: 'refused by the issuer', attributes: { 'card.issuer': 'First Bank' } }]);
  let asked = 0;
  page.on('request', (request) => (asked += request.url().includes('explainLogWithAI') ? 1 : 0));
  let explain = await openExplain(page, id, 'refused by the issuer');
  await expect(explain).toContainText('What looks like a secret is taken out before.');
  expect(asked, 'nothing is sent before somebody asks').toBe(0);
  await explain.getByRole('button', { name: 'Explain this record' }).click();

  const headline = explain.getByRole('heading', { name: /^Explanation \d+ of a refused charge$/ });
  await expect(headline).toBeVisible();
  const first = await headline.textContent();
  await expect(explain.locator('.explain-severity')).toHaveText(/Error$/);
  await expect(explain).toContainText('One customer could not pay.');
  const [causes, actions] = [explain.getByRole('list').nth(0), explain.getByRole('list').nth(1)];
  await expect(causes.getByRole('listitem')).toHaveText([/The issuer refused the card\s*likely\s*The record says so\./, /A fraud rule\s*unlikely/]);
  await expect(actions.getByRole('listitem')).toHaveText([/Ask for another card\s*now\s*The customer waits\./, /Watch the issuer\s*later/]);
  await expect(explain).toContainText('First Bank');
  await expect(explain).not.toContainText('what the record has counts');
  await expect(explain, 'markup is text').toContainText('<script>window.docketWasHacked = true</script>');
  await expect(explain.locator('footer')).toContainText(/just now|seconds? ago/);
  await expect(explain.locator('footer')).not.toContainText('kept from before');
  await expectAccessible(page, '.rows-item:has(docket-explain)');

  await page.goto('about:blank');
  explain = await openExplain(page, id, 'refused by the issuer');
  await explain.getByRole('button', { name: 'Explain this record' }).click();
  await expect(headline).toHaveText(/** @type {string} */ (first));
  await expect(explain.locator('footer')).toContainText('kept from before');
  await explain.getByRole('button', { name: 'Redo' }).click();
  await expect(headline).toBeVisible();
  await expect(headline).not.toHaveText(/** @type {string} */ (first));
  await expect(explain.locator('footer')).not.toContainText('kept from before');
});

test.describe('a model that fails', () => {
  test.use({ tolerated: { console: [/status of 500/] } });

  test('is said to have failed, and can be asked again', async ({ page }) => {
    const { id } = await makeProject('Explain: failure');
    await sendRecords(id, [{ body: 'the model is to fail' }]);
    const explain = await openExplain(page, id, 'the model is to fail');
    await explain.getByRole('button', { name: 'Explain this record' }).click();
    await expect(explain.getByRole('alert')).toContainText('There is no explanation');
    await explain.getByRole('button', { name: 'Try again' }).click();
    await expect(explain.getByRole('alert')).toContainText('There is no explanation');
  });
});

test.describe('without a model', () => {
  test.use({ baseURL: process.env.DOCKET_UI_PLAIN_URL, tolerated: { console: [/status of 403/] } });

  test('the page says how explanations are switched on', async ({ page, baseURL }) => {
    const response = await fetch(new URL('/api/projects/', baseURL), {
      method: 'POST', headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: '{"name": "Explain: off"}',
    });
    const { id } = await response.json();
    await sendRecords(id, [{ body: 'nobody explains this' }], process.env.DOCKET_UI_PLAIN_OTLP);
    const explain = await openExplain(page, id, 'nobody explains this');
    await explain.getByRole('button', { name: 'Explain this record' }).click();
    await expect(explain.getByRole('heading', { name: 'Explanations are off' })).toBeVisible();
    await expect(explain).toContainText('no language model is configured');
    await expect(explain.locator('pre')).toContainText('DOCKET_AI_BASE_URL=');
    await expect(explain.locator('pre')).toContainText('DOCKET_AI_MODEL=');
    await expectAccessible(page, 'docket-explain');
  });
});

test.describe('a key that only reads', () => {
  test.use({ isSignedIn: false });

  test('cannot ask for explanations, and is told why', async ({ page }) => {
    const { id } = await makeProject('Explain: read');
    await sendRecords(id, [{ body: 'only to be read' }]);
    const { value } = await makeKey(['logs:read'], [id]);
    await page.addInitScript((readingKey) => sessionStorage.setItem('docket-key', readingKey), value);
    const explain = await openExplain(page, id, 'only to be read');
    await expect(explain).toContainText('needs the scope logs:write');
    await expect(explain.getByRole('button')).toHaveCount(0);
  });
});
