import { api, expect, expectAccessible, expectNoSidewaysScrolling, key, makeKey, open, test } from '../fixture.mjs';

test.use({ isSignedIn: false });

/** @param {import('@playwright/test').Page} page */
const keyField = (page) => page.getByLabel('Key', { exact: true });

/**
 * @param {import('@playwright/test').Page} page
 * @param {string} value
 */
async function signIn(page, value) {
  await keyField(page).fill(value);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('a key opens the page, stays in this tab, and is gone after signing out', async ({ page, context }) => {
  await open(page, 'views');
  await expect(keyField(page)).toBeFocused();
  await signIn(page, ` ${key}\n`);
  await expect(page.getByRole('link', { name: 'Views', exact: true })).toHaveAttribute('aria-current', 'page');

  await page.reload();
  await expect(page.getByRole('link', { name: 'Views', exact: true })).toBeVisible();
  expect(await page.evaluate(() => Object.values(localStorage).join())).not.toContain(key);
  expect(await context.cookies()).toEqual([]);
  expect(page.url()).not.toContain(key);
  const other = await context.newPage();
  await other.goto('/ui/');
  await expect(keyField(other)).toBeVisible();
  await other.close();

  await page.getByRole('button', { name: 'Key and session' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(keyField(page)).toHaveValue('');
  await page.reload();
  await expect(keyField(page)).toBeVisible();
  expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain(key);
});

test('the page is accessible and fits a telephone', async ({ page }) => {
  await open(page);
  await expect(keyField(page)).toBeVisible();
  await expectAccessible(page);
  await page.setViewportSize({ width: 320, height: 568 });
  await expectNoSidewaysScrolling(page);
});

test('the key can be shown', async ({ page }) => {
  await open(page);
  await expect(keyField(page)).toHaveAttribute('type', 'password');
  await page.getByRole('button', { name: 'Show the key' }).click();
  await expect(keyField(page)).toHaveAttribute('type', 'text');
  await page.getByRole('button', { name: 'Hide the key' }).click();
  await expect(keyField(page)).toHaveAttribute('type', 'password');
});

test.describe('what is wrong is said', () => {
  test.use({ tolerated: { console: [/status of 40[13]/, /ERR_FAILED|ERR_INTERNET_DISCONNECTED/] } });

  test('a wrong key', async ({ page }) => {
    await open(page);
    await signIn(page, 'phx_nobody-has-this-key');
    await expect(page.getByRole('alert')).toHaveText('Docket does not know this key: it is mistyped, cut off, or was revoked.');
    await expect(keyField(page)).toBeFocused();
    await expectAccessible(page);
  });

  test('what is no key', async ({ page }) => {
    await open(page);
    await signIn(page, 'cat data/ädmin.key');
    await expect(page.getByRole('alert')).toContainText('A key has no spaces');
  });

  test('a token that only posts', async ({ page }) => {
    const project = await api('GET', '/api/projects/1/');
    await open(page);
    await signIn(page, project.api_token);
    await expect(page.getByRole('alert')).toContainText('may post records but not read them. Sign in with a key that has the scope logs:read.');
  });

  test('no connection, and the key is still there to try again', async ({ page }) => {
    await open(page);
    await page.route(/[/]api[/](users|projects)[/]/, (route) => route.abort('internetdisconnected'));
    await signIn(page, key);
    await expect(page.getByRole('alert')).toContainText('Docket does not answer at');
    await page.unroute(/[/]api[/](users|projects)[/]/);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('link', { name: 'Explore', exact: true })).toBeVisible();
  });

  test('no connection at a reload: the key is kept', async ({ page }) => {
    await open(page, 'views');
    await signIn(page, key);
    await expect(page.getByRole('link', { name: 'Views', exact: true })).toBeVisible();
    await page.route(/[/]api[/](users|projects)[/]/, (route) => route.abort('internetdisconnected'));
    await page.reload();
    await expect(page.getByRole('alert')).toContainText('No connection');
    await page.unroute(/[/]api[/](users|projects)[/]/);
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(page.getByRole('link', { name: 'Views', exact: true })).toBeVisible();
  });

  test('a key that is revoked meanwhile', async ({ page }) => {
    const made = await makeKey(['logs:read'], [1]);
    await open(page, 'start');
    await signIn(page, made.value);
    // Nothing is asked any more, so that it is what follows that meets the revoked key.
    await expect(page.getByText('This project has records already.')).toBeVisible();
    await api('DELETE', `/api/personal_api_keys/${made.id}/`);
    await page.getByRole('link', { name: 'Explore', exact: true }).click();
    await expect(page.getByRole('alert')).toContainText('Docket does not accept your key any more');
  });

  test('a kept key that was revoked', async ({ page }) => {
    const made = await makeKey(['logs:read'], [1]);
    await open(page, 'start');
    await signIn(page, made.value);
    // Nothing is asked any more, so that it is what follows that meets the revoked key.
    await expect(page.getByText('This project has records already.')).toBeVisible();
    await api('DELETE', `/api/personal_api_keys/${made.id}/`);
    await page.reload();
    await expect(page.getByRole('alert')).toContainText('Docket does not accept your key any more');
  });
});
