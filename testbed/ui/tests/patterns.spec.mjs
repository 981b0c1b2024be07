import { expect, expectAccessible, expectNoSidewaysScrolling, open, test } from '../fixture.mjs';

test('patterns have counts, a trend and the change against the week before, and filter by a click', async ({ page }) => {
  await open(page, 'explore?from=-1d&tab=patterns');
  const row = page.getByRole('row', { name: /GET \/api\/products\/<num>/ });
  await expect(row).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText(/Against the week before: \d+ new, \d+ changed, \d+ gone/)).toBeVisible({ timeout: 20_000 });
  await expect(row.getByRole('img', { name: /as many|more and more|fewer and fewer/ })).toBeVisible();
  await expect(row.getByRole('cell').nth(1)).toHaveText(/[\d.,]+K?/);
  await expect(row.getByRole('cell').nth(2)).toHaveText(/%$/);
  await expect(row.getByRole('cell').nth(3)).toHaveText(/New|had|as many|×/);

  await row.getByRole('button', { name: /^GET \/api\/products/ }).click();
  await expect(page).toHaveURL(/q=message%3D/);
  await page.getByRole('tab', { name: 'Logs' }).click();
  const messages = page.locator('.rows-row[aria-level="1"] [data-column="message"]');
  await expect(messages.first()).toHaveText(/^GET \/api\/products\/\d+ 200 in \d+ ms$/);
  for (const text of await messages.allTextContents()) expect(text).toMatch(/^GET \/api\/products\/\d+ 200 in \d+ ms$/);
});

test('a pattern is left out, and its examples are shown', async ({ page }) => {
  await open(page, 'explore?from=-1d&tab=patterns');
  const row = page.getByRole('row', { name: /Lock of shelf <num>/ });
  await row.getByText(/\d+ examples?/).click({ timeout: 20_000 });
  await expect(row.getByRole('listitem').first()).toHaveText(/^Lock of shelf \d+ taken after \d+ µs$/);
  await row.getByRole('button', { name: /^Leave out: Lock of shelf/ }).click();
  await expect(page).toHaveURL(/q=-message%3D/);
});

test('patterns are accessible', async ({ page }) => {
  await open(page, 'explore?from=-1d&tab=patterns&q=service:gateway');
  await expect(page.getByText(/Against the week before/)).toBeVisible({ timeout: 20_000 });
  await expectAccessible(page);
});

test('patterns fit a phone', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 800 });
  await open(page, 'explore?from=-1d&tab=patterns');
  await expect(page.getByText(/Against the week before/)).toBeVisible({ timeout: 20_000 });
  await expectNoSidewaysScrolling(page);
});
