import { api, expect, open, test } from '../fixture.mjs';

/**
 * Records whose every part tries to be markup are texts on each page. That none of them was
 * run, and that the page's policy was never broken, is what every test checks at its end.
 */

/** Finds the hostile records, of the service guestbook. */
const search = 'service:guestbook';

test('hostile records are texts in Explore, with all their fields', async ({ page }) => {
  await open(page, `explore?q=${encodeURIComponent(search)}&from=-7d`);
  await expect(page.getByText('guestbook entry: <script>window.docketWasHacked=1</script>').first()).toBeVisible();
  await expect(page.getByText('guestbook entry: <img src=x onerror="window.docketWasHacked=1">').first()).toBeVisible();
  expect(await page.locator('main').locator('script, iframe, img, [onerror], [onload]').count()).toBe(0);
});

test('hostile records are texts on their own pages', async ({ page }) => {
  const { results } = await api('POST', '/api/projects/1/logs/query', { query: { q: search, dateRange: { date_from: '-7d' }, limit: 40 } });
  const different = new Map(results.map((/** @type {{uuid: string, body: string}} */ { uuid, body }) => [body, uuid]));
  expect(different.size).toBe(10);
  for (const [body, uuid] of different) {
    await open(page, `record?id=${uuid}`);
    await expect(page.getByText(body.split('\n')[0].slice(0, 40)).first()).toBeVisible();
    expect(await page.locator('main').locator('script, iframe, img, [onerror], [onload], a[href^="javascript:"]').count()).toBe(0);
  }
});

test('hostile actors and targets are texts in the audit trail', async ({ page }) => {
  await open(page, `audit?q=${encodeURIComponent(search)}&from=-7d`);
  await expect(page.getByText('docketWasHacked').first()).toBeVisible();
  expect(await page.locator('main').locator('script, iframe, img, [onerror], [onload]').count()).toBe(0);
});

test('hostile names are texts in the header and in menus', async ({ page }) => {
  const name = '<img src=x onerror="window.docketWasHacked=1">';
  const { id } = await api('POST', '/api/projects/', { name });
  await open(page, `start?project=${id}`);
  await expect(page.getByRole('button', { name: `Project: ${name}` })).toBeVisible();
  await page.getByRole('button', { name: `Project: ${name}` }).click();
  await expect(page.getByRole('menuitemradio', { name: `${name} ${id}` })).toBeVisible();
});

test.describe('what an address asks for', () => {
  test.use({ tolerated: { console: [/status of 40[04]/] } });

  test('hostile addresses are texts', async ({ page }) => {
    await open(page, `explore?q=${encodeURIComponent('"><svg onload=window.docketWasHacked=1>')}&from=javascript:1&columns=<script>,__proto__`);
    await expect(page).toHaveTitle('Explore · Docket');
    await open(page, 'record?id=%3Cimg%20src=x%20onerror=window.docketWasHacked=1%3E');
    await expect(page).toHaveTitle('Record · Docket');
    await open(page, '__proto__');
    await expect(page).toHaveTitle('Explore · Docket');
    await open(page, 'constructor/%E0%A4%A');
    await expect(page).toHaveTitle('Explore · Docket');
  });
});

test.describe(() => {
  test.use({ tolerated: { console: [/policy violated|Content Security Policy|requires 'Trusted/] } });

  test('the policy forbids what a mistake in the page could let in', async ({ page }) => {
    await open(page, 'start');
    // Until then the page replaces all that is in its body.
    await expect(page.getByRole('main')).toBeVisible();
    const outcome = await page.evaluate(async () => {
      /** @type {Record<string, string>} */
      const happened = {};
      const attempts = {
        markup: () => document.body.insertAdjacentHTML('beforeend', '<b>x</b>'),
        evaluation: () => Reflect.construct(Function, ['return 1'])(),
        otherHost: () => fetch('http://localhost:1/'),
      };
      // While Playwright evaluates, Chromium allows what the policy does not.
      await new Promise((resolve) => setTimeout(resolve));
      for (const [name, attempt] of Object.entries(attempts)) {
        try {
          await attempt();
          happened[name] = 'allowed';
        } catch (error) {
          happened[name] = /** @type {Error} */ (error).name;
        }
      }
      const script = document.createElement('script');
      script.append('window.inlineScriptRan = true');
      document.head.append(script);
      happened.inlineScript = 'inlineScriptRan' in window ? 'allowed' : 'forbidden';
      const frame = document.createElement('iframe');
      frame.src = '/ui/';
      document.body.append(frame);
      await new Promise((resolve) => (frame.onload = resolve));
      happened.frame = frame.contentDocument ? 'allowed' : 'forbidden';
      frame.remove();
      return happened;
    });
    expect(outcome.markup).toBe('TypeError');
    expect(outcome.evaluation).toBe('EvalError');
    expect(outcome.otherHost).toBe('TypeError');
    expect(outcome.inlineScript).toBe('forbidden');
    expect(outcome.frame).toBe('forbidden');
  });
});
