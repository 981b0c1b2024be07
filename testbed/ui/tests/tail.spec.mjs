import { expect, expectAccessible, expectNotCut, findRecords, makeProject, open, postEvent, test } from '../fixture.mjs';

const rows = (page) => page.locator('.rows-row[aria-level="1"]');
const status = (page) => page.locator('.explore-status');

/** @param {string} token @param {number} from @param {number} to */
async function post(token, from, to) {
  for (let number = from; number <= to; number += 1) {
    await postEvent(token, { level: 3, msg: `event ${number}` });
  }
}

test('records are shown as they come, wait while one reads, and are all there then', async ({ page }) => {
  test.setTimeout(60_000);
  const { id, api_token: token } = await makeProject('Followed');
  await post(token, 1, 60);
  // What a search does not find yet when the tail begins, comes after what is live.
  await findRecords({ id }, 60);
  await open(page, `explore?project=${id}&from=-1h&tail=1`);
  await expect(rows(page).first()).toContainText('event 60', { timeout: 15_000 });
  await post(token, 61, 61);
  await expect(rows(page).first()).toContainText('event 61');
  await expect(status(page)).toContainText(/live · [\d.]+\/s/);

  // Who scrolls is not disturbed.
  await page.locator('.rows-scroller').hover();
  await page.mouse.wheel(0, 300);
  await expect(status(page)).toContainText('paused');
  const before = await rows(page).locator('[data-column="message"]').allTextContents();
  await post(token, 62, 66);
  const newer = page.getByRole('button', { name: '5 new' });
  await expect(newer).toBeVisible();
  expect(await rows(page).locator('[data-column="message"]').allTextContents()).toEqual(before);
  await newer.click();
  await expect(rows(page).first()).toContainText('event 66');
  await expect(newer).toBeHidden();
  await expect(status(page)).toContainText('live');
  for (const [at, number] of [66, 65, 64, 63, 62, 61, 60].entries()) await expect(rows(page).nth(at)).toContainText(`event ${number}`);

  await page.getByRole('button', { name: 'Live' }).click();
  await expect(page).not.toHaveURL(/tail=1/);
});

test('a project without records is followed, not led away from', async ({ page }) => {
  const { id, api_token: token } = await makeProject('Followed from its first event');
  await open(page, `explore?project=${id}&from=-1h&tail=1`);
  await expect(status(page)).toContainText('live');
  await post(token, 1, 1);
  await expect(rows(page)).toHaveCount(1, { timeout: 15_000 });
  await expect(page).toHaveURL(/explore.*tail=1/);
});

test('the fields beside a tail are counted anew, one after the other', async ({ page }) => {
  const { id, api_token: token } = await makeProject('Followed with its fields');
  await page.clock.install();
  await post(token, 1, 3);
  await open(page, `explore?project=${id}&from=-1h&tail=1`);
  await expect(rows(page)).toHaveCount(3);
  const counts = page.getByRole('list', { name: 'Values of level' }).locator('.facet-count');
  const counting = async (/** @type {string} */ count) => expect(async () => {
    await page.clock.fastForward(10_000);
    await expect(counts).toHaveText([count], { timeout: 2_000 });
  }).toPass({ timeout: 20_000 });
  await counting('3');

  let most = 0;
  const running = new Set();
  const ended = (request) => running.delete(request);
  page.on('request', (request) => {
    if (!/facet_values|group-by|attributes|values|count/.test(request.url())) return;
    running.add(request);
    most = Math.max(most, running.size);
  });
  page.on('requestfinished', ended);
  page.on('requestfailed', ended);
  await post(token, 4, 5);
  await expect(rows(page)).toHaveCount(5);
  await counting('5');
  expect(most).toBe(1);
});

test('a tail is accessible', async ({ page }) => {
  const { id, api_token: token } = await makeProject('Followed by all');
  await post(token, 1, 3);
  await open(page, `explore?project=${id}&from=-1h&tail=1`);
  await expect(rows(page)).toHaveCount(3, { timeout: 15_000 });
  await expectAccessible(page);
});

test('the key is sent in a header, never in an address', async ({ page }) => {
  const tails = [];
  page.on('request', (request) => request.url().includes('/logs/tail') && tails.push(request));
  await open(page, 'explore?from=-1h&tail=1');
  await expect.poll(() => tails.length).toBeGreaterThan(0);
  expect(tails[0].url()).not.toContain('key');
  expect(await tails[0].headerValue('authorization')).toMatch(/^Bearer /);
});

test.describe('when the connection is lost', () => {
  test.use({ tolerated: { console: [/ERR_/, /Failed to load resource/] } });

  test('it is made again, and nothing is missing or double', async ({ page }) => {
    test.setTimeout(60_000);
    const { id, api_token: token } = await makeProject('Followed with interruptions');
    await post(token, 1, 3);
    let isBroken = true;
    await page.route('**/logs/tail**', (route) => (isBroken ? route.abort() : route.continue()));
    await open(page, `explore?project=${id}&from=-1h&tail=1`);
    await expect(status(page)).toContainText('connection lost, trying again');
    isBroken = false;
    await expect(rows(page)).toHaveCount(3, { timeout: 15_000 });
    await expect(status(page)).toContainText('live');
  });
});

test('what came too fast is told', async ({ page }) => {
  const events = 'event: dropped\ndata: {"count":12}\n\n';
  await page.route('**/logs/tail**', (route) => route.fulfill({ contentType: 'text/event-stream', body: events }));
  await page.setViewportSize({ width: 390, height: 800 });
  await open(page, 'explore?from=-1h&tail=1');
  await expect(status(page)).toContainText('12 records not shown: they came too fast');
  await expectNotCut(status(page));
});
