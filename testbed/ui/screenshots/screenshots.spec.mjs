/**
 * Makes the pictures of the documentation, in the folder that DOCKET_UI_SCREENSHOTS names.
 */

import { join } from 'node:path';
import { api, expect, key, open, test } from '../fixture.mjs';

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
  views: { place: 'views', theme: 'light', waitFor: '.view-name' },
  alerts: { place: 'alerts', theme: 'light', waitFor: 'main h1' },
  audit: {
    place: 'audit?from=-7d&actor=Jo%20Wick&action=settings', theme: 'light', waitFor: '.audit-event',
    prepare: async (page) => {
      await page.locator('.audit-event').first().click();
      await page.getByRole('button', { name: 'Verify here' }).click();
      await expect(page.getByText('Unchanged')).toBeVisible();
    },
  },
  start: { place: 'start', theme: 'light', waitFor: 'main pre' },
  telephone: { place: 'explore?q=-service:guestbook&from=-1d', theme: 'dark', waitFor: 'docket-log-rows [role="row"] >> nth=3', size: [390, 760] },
};

// In one worker, so that what is made before is made once.
test.describe.configure({ mode: 'default' });

// Pictures of pages on which there is nothing show nothing.
test.beforeAll(async () => {
  const path = '/api/projects/1/logs/';
  const { results: made } = await api('GET', `${path}views/`);
  if (made.length > 0) return;
  for (const view of [
    { name: 'Failed sign-ins', pinned: true, filters: { q: 'event:user.sign_in_failed', dateRange: { date_from: '-1d', date_to: null } } },
    { name: 'Declined cards', filters: { q: 'service:checkout "card declined"', dateRange: { date_from: '-7d', date_to: null } } },
  ]) {
    await api('POST', `${path}views/`, view);
  }
  for (const alert of [
    { name: 'Declined cards', filters: { q: 'service:checkout "card declined"' }, threshold_count: 5, window_minutes: 60 },
    { name: 'Failed sign-ins by user', filters: { q: 'event:user.sign_in_failed' }, threshold_count: 10, window_minutes: 15, group_by: { type: 'log_attribute', key: 'user.id' } },
    { name: 'No orders', filters: { q: 'service:checkout' }, threshold_operator: 'below', threshold_count: 1, window_minutes: 15 },
  ]) {
    await api('POST', `${path}alerts/`, alert);
  }
  await new Promise((checked) => setTimeout(checked, 3000));
});

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
