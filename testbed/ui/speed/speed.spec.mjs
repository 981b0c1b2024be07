/**
 * How fast the page is, for `make bench`: prints a line `figure <name> <milliseconds>` for
 * each run. Nothing here fails for being slow.
 */
import { expect, open, test } from '../fixture.mjs';

const runs = 5;
/** How many rows are scrolled through. */
const scrolled = 10_000;

const rows = (page) => page.locator('.rows-row[aria-level="1"]');

/** @param {string} name @param {number} milliseconds */
const print = (name, milliseconds) => console.log(`figure ${name} ${milliseconds.toFixed(1)}`);

for (let run = 1; run <= runs; run += 1) {
  // A tab of its own, with an empty cache, each time.
  test(`the first rows of Explore, ${run}`, async ({ page }) => {
    await page.addInitScript(() => {
      const watcher = new MutationObserver(() => {
        if (!document.querySelector('.rows-row')) return;
        watcher.disconnect();
        // After the frame that shows them.
        requestAnimationFrame(() => setTimeout(() => { window.rowsShownAt = performance.now(); }));
      });
      watcher.observe(document, { childList: true, subtree: true });
    });
    await open(page, 'explore?from=-1h');
    await expect(rows(page).first()).toBeVisible();
    await page.waitForFunction(() => 'rowsShownAt' in window);
    print('first-rows', await page.evaluate(() => window.rowsShownAt));
  });
}

test('scrolling', async ({ page }) => {
  test.setTimeout(180_000);
  await open(page, 'explore?from=-7d');
  await expect(rows(page).first()).toBeVisible();
  await page.evaluate(async (wanted) => {
    const scroller = document.querySelector('.rows-scroller');
    const table = document.querySelector('docket-log-rows');
    while (table.records.length < wanted + 500) {
      scroller.scrollTop = scroller.scrollHeight;
      await new Promise(requestAnimationFrame);
    }
  }, scrolled);
  for (let run = 0; run < runs; run += 1) {
    print('longest-frame-of-scrolling', await page.evaluate(async (wanted) => {
      const scroller = document.querySelector('.rows-scroller');
      const height = document.querySelector('.rows-row').getBoundingClientRect().height;
      scroller.scrollTop = 0;
      await new Promise((resolve) => { setTimeout(resolve, 500); });
      let [last, longest] = [performance.now(), 0];
      while (scroller.scrollTop < height * wanted) {
        scroller.scrollTop += 25 * height;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
      }
      return longest;
    }, scrolled));
  }
});

test('typing while queries are answered late', async ({ page }) => {
  test.setTimeout(180_000);
  await open(page, 'explore?from=-1h');
  await expect(rows(page).first()).toBeVisible();
  await page.route('**/logs/**', async (route) => {
    await new Promise((later) => { setTimeout(later, 2_000); });
    await route.continue().catch(() => {}); // the page gave it up
  });
  const box = page.getByPlaceholder(/^Search/);
  for (let run = 0; run < runs; run += 1) {
    await box.fill('');
    await box.evaluate((element) => {
      window.longestKey = 0;
      let pressed = 0;
      element.addEventListener('keydown', () => { pressed = performance.now(); });
      element.addEventListener('input', () => {
        const since = pressed;
        requestAnimationFrame(() => setTimeout(() => { window.longestKey = Math.max(window.longestKey, performance.now() - since); }));
      });
    });
    await box.pressSequentially('level:error service:checkout user.id=42 "declined"', { delay: 40 });
    await page.waitForTimeout(100);
    print('longest-key-to-frame', await page.evaluate(() => window.longestKey));
  }
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});
