import { expect, open, test } from '../fixture.mjs';

// The way of somebody who has never seen the page, by what it says only.
test('a newcomer finds yesterday’s failed sign-ins of one user, keeps them as a view, and is alerted of more', async ({ page }) => {
  await open(page, '');
  await page.getByPlaceholder(/^Search/).click();
  await page.keyboard.type('sign-in failed');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.getByRole('button', { name: 'Last hour' }).click();
  const when = page.getByRole('dialog', { name: 'Range of time' });
  const ends = await when.locator('input[type="datetime-local"]').all();
  const [from, to] = await Promise.all(ends.map((end) => end.boundingBox()));
  expect(from.x + from.width, 'the two ends of a range stand beside each other').toBeLessThanOrEqual(to.x);
  await when.getByRole('button', { name: 'Yesterday' }).click();
  await page.getByRole('button', { name: 'user.email', exact: true }).click();
  await page.getByRole('checkbox', { name: 'jo@example.com' }).click();
  const rows = page.locator('.rows-row[aria-level="1"]');
  await expect(rows.first()).toContainText('jo@example.com');
  for (const row of await rows.all()) await expect(row).toContainText('Sign-in failed for jo@example.com');

  await page.getByRole('button', { name: 'Save' }).click();
  const view = page.getByRole('dialog', { name: 'Save as a view' });
  await expect(view).toContainText('Yesterday');
  await view.getByLabel('Name').fill('Failed sign-ins of Jo');
  await view.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The view “Failed sign-ins of Jo” is saved.')).toBeVisible();

  await page.getByRole('link', { name: 'Alert', exact: true }).click();
  await page.getByRole('spinbutton', { name: 'Threshold', exact: true }).fill('0');
  await expect(page.getByText(/It would have fired (once|\d+ times) in the last 24 hours\./)).toBeVisible();
  await page.getByRole('button', { name: 'Create alert' }).click();
  await expect(page.getByRole('heading', { name: 'sign-in failed user.email=jo@example.com' })).toBeVisible();
  await expect(page.getByText('more than 0 records in 5 minutes')).toBeVisible();

  await page.getByRole('link', { name: 'Views' }).click();
  await expect(page.getByRole('row', { name: /Failed sign-ins of Jo/ })).toContainText('Yesterday');
});
