import { expect, expectAccessible, expectNoSidewaysScrolling, makeProject, open, test } from '../fixture.mjs';

const pages = ['Explore', 'Views', 'Alerts', 'Audit'];

test('the header leads to every page, and back', async ({ page }) => {
  await open(page);
  for (const name of pages) {
    await page.getByRole('link', { name, exact: true }).click();
    await expect(page.getByRole('link', { name, exact: true })).toHaveAttribute('aria-current', 'page');
    await expect(page).toHaveTitle(`${name} · Docket`);
    await expect(page.getByText('Something went wrong')).toHaveCount(0);
  }
  await page.goBack();
  await expect(page).toHaveTitle('Alerts · Docket');
  await page.goForward();
  await expect(page).toHaveTitle('Audit · Docket');
});

test('an unknown place leads to Explore', async ({ page }) => {
  await open(page, 'nowhere/else?q=x');
  await expect(page).toHaveTitle('Explore · Docket');
});

test('the theme is chosen and remembered', async ({ page }) => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  await open(page, 'start');
  await expect(page.getByRole('button', { name: 'Theme: As the system' })).toBeVisible();
  const light = await background();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await background();
  expect(dark).not.toBe(light);

  await page.getByRole('button', { name: 'Theme: As the system' }).click();
  await page.getByRole('menuitemradio', { name: 'Light' }).click();
  expect(await background()).toBe(light);
  await page.reload();
  await expect(page.getByRole('button', { name: 'Theme: Light' })).toBeVisible();
  expect(await background()).toBe(light);

  await page.emulateMedia({ colorScheme: 'light' });
  await page.getByRole('button', { name: 'Theme: Light' }).press('Enter');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  expect(await background()).toBe(dark);
  await expect(page.getByRole('button', { name: 'Theme: Dark' })).toBeFocused();
});

test('the clock is chosen and remembered', async ({ page }) => {
  await open(page, 'start');
  await page.getByRole('button', { name: /Times are shown in local time/ }).click();
  await page.getByRole('menuitemradio', { name: 'UTC' }).click();
  await expect(page.getByRole('button', { name: 'Times are shown in UTC' })).toBeFocused();
  await page.reload();
  await expect(page.getByRole('button', { name: 'Times are shown in UTC' })).toBeVisible();
});

test('a project is chosen, and is in the address', async ({ page }) => {
  const { id, name } = await makeProject('Shop of the shell test');
  await open(page, 'views');
  await expect(page).toHaveURL(/project=1\b/);
  await page.getByRole('button', { name: 'Project: Default project' }).click();
  await expect(page.getByRole('menuitemradio', { name: 'Default project' })).toBeFocused();
  await expect(page.getByRole('menuitemradio', { name: "Docket's audit trail" })).toBeVisible();
  await expectAccessible(page, '.menu');
  await page.getByRole('menuitemradio', { name: `${name} ${id}` }).click();
  await expect(page.getByRole('button', { name: `Project: ${name}` })).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`#/views\\?project=${id}$`));
  await page.getByRole('link', { name: 'Alerts' }).click();
  await expect(page).toHaveURL(new RegExp(`project=${id}\\b`));
  await page.goBack();
  await page.goBack();
  await expect(page.getByRole('button', { name: 'Project: Default project' })).toBeVisible();
});

test('keys lead to pages and are listed in a sheet', async ({ page }) => {
  await open(page, 'start');
  await expect(page.getByRole('heading', { name: 'Send an event' })).toBeVisible();
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard' });
  await expect(sheet).toContainText('Show these keys');
  await expectAccessible(page, 'dialog');
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();

  await page.keyboard.press('g');
  await page.keyboard.press('v');
  await expect(page).toHaveTitle('Views · Docket');

  await page.getByRole('button', { name: 'Keyboard' }).click();
  await sheet.getByLabel(/Keys without Ctrl/).uncheck();
  await sheet.getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('button', { name: 'Keyboard' })).toBeFocused();
  await page.keyboard.press('?');
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await expect(sheet).toBeHidden();
  await expect(page).toHaveTitle('Views · Docket');
});

test('everything in the header is reached by Tab, and skipped by one button', async ({ page }) => {
  await open(page, 'start');
  await expect(page.getByRole('heading', { name: 'Send an event' })).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Skip to the page' })).toBeFocused();
  for (const name of ['Docket', /^Project: /, ...pages, /^Times are shown/, /^Theme: /, 'Keyboard', 'Key and session']) {
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    await expect(focused).toHaveAccessibleName(name);
    expect(await focused.evaluate((element) => getComputedStyle(element).outlineStyle)).not.toBe('none');
  }
  await page.getByRole('button', { name: 'Skip to the page' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();
});

test('a narrow window and 200 % zoom keep everything in reach', async ({ page }) => {
  for (const [width, height] of [[390, 844], [640, 400], [320, 568]]) {
    await page.setViewportSize({ width, height });
    await open(page, 'start');
    await expect(page.getByRole('heading', { name: 'Send an event' })).toBeVisible();
    await expectNoSidewaysScrolling(page);
    for (const name of pages) await expect(page.getByRole('link', { name, exact: true })).toBeInViewport();
    for (const name of ['Keyboard', 'Key and session']) await expect(page.getByRole('button', { name, exact: true })).toBeInViewport();
  }
});

test('nothing that can be pressed is smaller than 24 by 24', async ({ page }) => {
  await open(page, 'start');
  await expect(page.getByRole('heading', { name: 'Send an event' })).toBeVisible();
  const small = await page.locator('header button:not(.skip), header a, .start button, summary').evaluateAll((elements) =>
    elements.map((element) => ({ box: element.getBoundingClientRect(), text: element.outerHTML }))
      .filter(({ box }) => box.width < 24 || box.height < 24).map(({ text }) => text));
  expect(small.filter((text) => !text.includes('Explore them'))).toEqual([]);
});
