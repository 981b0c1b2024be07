/**
 * Makes the pictures of the documentation, in the folder that DOCKET_UI_SCREENSHOTS names.
 */

import { join } from 'node:path';
import { expect, key, open, test } from '../fixture.mjs';

const folder = /** @type {string} */ (process.env.DOCKET_UI_SCREENSHOTS);

/**
 * @typedef {object} Picture
 * @property {string} place
 * @property {'light' | 'dark'} theme
 * @property {string} waitFor what is there when the page is ready
 * @property {(page: import('@playwright/test').Page) => Promise<void>} [prepare]
 * @property {[number, number]} [size]
 */

/** @type {Record<string, Picture>} */
const pictures = {
  explore: { place: 'explore?q=-service:guestbook&from=-1d', theme: 'light', waitFor: 'docket-log-rows [role="row"] >> nth=6' },
  'explore-dark': { place: 'explore?q=level>=warn -service:guestbook&from=-1d', theme: 'dark', waitFor: 'docket-log-rows [role="row"] >> nth=6' },
  views: { place: 'views', theme: 'light', waitFor: 'main h1' },
  alerts: { place: 'alerts', theme: 'light', waitFor: 'main h1' },
  audit: { place: 'audit?from=-7d', theme: 'light', waitFor: 'main h1' },
  start: { place: 'start', theme: 'light', waitFor: 'main pre' },
  telephone: { place: 'explore?q=-service:guestbook&from=-1d', theme: 'dark', waitFor: 'docket-log-rows [role="row"] >> nth=3', size: [390, 760] },
};

for (const [name, { place, theme, waitFor, prepare, size = [1120, 640] }] of Object.entries(pictures)) {
  test(name, async ({ page }) => {
    await page.setViewportSize({ width: size[0], height: size[1] });
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await open(page, place);
    await expect(page.locator(waitFor).first()).toBeVisible();
    await page.waitForLoadState('networkidle');
    await prepare?.(page);
    await page.screenshot({ path: join(folder, `${name}.png`) });
  });
}

test('sign-in', async ({ page }) => {
  await page.setViewportSize({ width: 1120, height: 640 });
  await open(page, 'views');
  await page.getByRole('button', { name: 'Key and session' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByLabel('Key', { exact: true }).fill(key);
  await page.screenshot({ path: join(folder, 'sign-in.png') });
});
