import { api, expect, expectAccessible, expectNoSidewaysScrolling, expectNotCut, findable, makeProject, open, test } from '../fixture.mjs';
import { sendRecords } from '../otlp.mjs';

const box = (page) => page.getByRole('textbox', { name: 'Search', exact: true });
const plot = (page) => page.getByRole('slider', { name: /^Records by time/ });
const total = (page) => page.locator('.histogram-total');
const field = (page, name) => page.locator(`.sidebar-field[data-name="${name}"]`);
const value = (page, name, text) => field(page, name).getByRole('listitem').filter({ has: page.locator('.facet-name', { hasText: new RegExp(`^${text}$`) }) });

/** A parameter of the address. */
function parameter(page, name) {
  return new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get(name);
}

/** How many records there are, once that is known. */
async function shownTotal(page) {
  await expect(total(page)).toHaveText(/^[\d,]+ records?$/);
  await expect(page.locator('docket-histogram.loading')).toHaveCount(0);
  return Number((await total(page).textContent())?.replace(/\D/g, ''));
}

/** Opens a range that ended an hour ago, in which no other test's records are. */
async function openPast(page, more = '') {
  const [from, to] = [Date.now() - 6 * 86_400_000, Date.now() - 3_600_000].map((time) => new Date(time).toISOString());
  await open(page, `explore?from=${from}&to=${to}${more}`);
  return shownTotal(page);
}

test.describe('the search box', () => {
  test('runs with Enter, colours what is typed, and Back undoes it', async ({ page }) => {
    const all = await openPast(page);
    await page.keyboard.press('/');
    await expect(box(page)).toBeFocused();
    await page.keyboard.type('level:error "timeout after"');
    await expect(page.locator('.search-highlight .token-field')).toHaveText('level');
    await expect(page.locator('.search-highlight .token-quoted')).toHaveText('"timeout after"');
    expect(parameter(page, 'q')).toBeNull();
    await page.keyboard.press('Enter');
    await expect.poll(() => parameter(page, 'q')).toBe('level:error "timeout after"');
    await expect.poll(() => shownTotal(page)).toBeLessThan(all);
    await page.goBack();
    await expect(box(page)).toHaveValue('');
    await expect.poll(() => shownTotal(page)).toBe(all);
  });

  test.describe('with a mistake', () => {
    test.use({ tolerated: { console: [/status of 400/] } });

    test('says what was expected, at the column', async ({ page }) => {
      await open(page);
      await box(page).fill('error level:');
      await box(page).press('Enter');
      const problem = page.getByRole('button', { name: /^Column 13: expected a value after :/ });
      await expect(problem).toBeVisible();
      await expect(box(page)).toHaveAttribute('aria-invalid', 'true');
      await expectAccessible(page, 'docket-search-box');
      await problem.click();
      await expect(box(page)).toBeFocused();
      await box(page).fill('error level:warn');
      await expect(problem).toBeHidden();
    });
  });

  test('completes fields and values by the keyboard', async ({ page }) => {
    await openPast(page);
    await box(page).pressSequentially('serv');
    await expect(page.getByRole('option', { name: /^service who sent it/ })).toBeVisible();
    await box(page).press('ArrowDown');
    await box(page).press('Enter');
    await expect(box(page)).toHaveValue('service:');
    await box(page).pressSequentially('gat');
    const gateway = page.getByRole('option', { name: /^gateway/ });
    await expect(gateway).toBeVisible();
    await expectAccessible(page, 'docket-search-box');
    await gateway.click();
    await expect(box(page)).toHaveValue('service:gateway ');
    await expect(box(page)).toBeFocused();
    await box(page).press('Enter');
    await expect.poll(() => parameter(page, 'q')).toBe('service:gateway ');

    await box(page).pressSequentially('http.request.m');
    await page.getByRole('option', { name: /^http\.request\.method/ }).click();
    await expect(box(page)).toHaveValue('service:gateway http.request.method=');
    await expect(page.getByRole('option', { name: /^GET/ })).toBeVisible();
    await box(page).press('Escape');
    await expect(page.getByRole('option')).toHaveCount(0);
  });

  test('never waits for an answer while one types', async ({ page }) => {
    await openPast(page);
    await page.waitForLoadState('networkidle');
    const asked = [];
    await page.route('**/logs/**', (route) => asked.push(new URL(route.request().url()).pathname.split('/').at(-1)));
    // The median, since the machine has other things to do at times.
    const took = await box(page).evaluate(async (input) => {
      const times = [];
      input.focus();
      for (const character of 'level:error service:(a OR b) user.id="42" path:/api/ '.repeat(20)) {
        const start = performance.now();
        input.setRangeText(character, input.value.length, input.value.length, 'end');
        input.dispatchEvent(new InputEvent('input', { bubbles: true }));
        // With all that it leaves to be done right after.
        await scheduler.yield();
        times.push(performance.now() - start);
      }
      return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
    });
    expect(took, 'milliseconds for a character').toBeLessThan(20);
    expect((await box(page).inputValue()).length, 'nothing has been answered, and all is typed').toBe(1060);
    expect(asked.filter((name) => !['attributes', 'values', 'facet_values'].includes(name)), 'what asks for records').toEqual([]);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });

  test('remembers searches, until they are to be forgotten', async ({ page }) => {
    await open(page, 'explore?from=-1d');
    await box(page).fill('level:fatal');
    await box(page).press('Enter');
    await box(page).fill('');
    const recent = page.getByRole('group', { name: 'Recent searches' });
    await expect(recent.getByRole('option', { name: 'level:fatal' })).toBeVisible();
    await page.getByRole('button', { name: 'Forget these' }).click();
    await expect(recent).toHaveCount(0);
    await expect(page.getByRole('group', { name: 'For example' })).toBeVisible();
  });
});

test.describe('the range of time', () => {
  const button = (page) => page.getByRole('group', { name: 'Range of time' }).getByRole('button', { expanded: false });

  test('is typed, chosen, or said exactly', async ({ page }) => {
    await open(page);
    await expect(button(page)).toHaveText('Last hour');
    await button(page).click();
    await expectAccessible(page, 'docket-time-range');
    const typed = page.getByRole('textbox', { name: 'Range' });
    await expect(typed).toBeFocused();
    await typed.fill('gestern');
    await expect(page.getByText('Not understood')).toBeVisible();
    await typed.fill('last 2 hours');
    await expect(page.locator('.time-range-preview')).toHaveText(/^Last 2 hours: .+ – now$/);
    await typed.press('Enter');
    await expect(button(page)).toHaveText('Last 2 hours');
    expect(parameter(page, 'from')).toBe('-2h');

    await button(page).click();
    await page.getByRole('button', { name: 'Last 30 days' }).click();
    await expect.poll(() => parameter(page, 'from')).toBe('-30d');

    await button(page).click();
    await page.getByLabel('From').fill('2026-01-02T10:00');
    await page.getByLabel('To', { exact: true }).fill('2026-01-02T11:30');
    await page.getByRole('button', { name: 'Use', exact: true }).click();
    // On the clock of Kolkata, 5:30 before UTC.
    await expect.poll(() => parameter(page, 'from')).toBe('2026-01-02T04:30:00Z');
    expect(parameter(page, 'to')).toBe('2026-01-02T05:59:59.999999999Z');
    await page.getByRole('button', { name: 'Later' }).click();
    await expect.poll(() => parameter(page, 'from')).toBe('2026-01-02T06:00:00Z');

    await button(page).click();
    await page.getByRole('radio', { name: 'UTC' }).check();
    await page.keyboard.press('Escape');
    await expect(button(page)).toHaveText(/06:00 – 07:30/);
  });
});

test.describe('the histogram', () => {
  test('is zoomed by dragging, and back by a double click', async ({ page }) => {
    const all = await openPast(page);
    const [from, to] = [parameter(page, 'from'), parameter(page, 'to')];
    const place = /** @type {{x: number, y: number, width: number}} */ (await plot(page).boundingBox());
    const y = place.y + 40;
    await page.mouse.move(place.x + place.width * 0.5, y);
    await expect(page.locator('.histogram-tip')).toContainText(/All\s*[\d,]+/);
    await page.mouse.down();
    await page.mouse.move(place.x + place.width * 0.6, y, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => parameter(page, 'from')).not.toBe(from);
    await expect.poll(() => shownTotal(page)).toBeLessThan(all);
    await plot(page).dblclick({ position: { x: 200, y: 30 } });
    await expect.poll(() => [parameter(page, 'from'), parameter(page, 'to')]).toEqual([from, to]);
    await expect.poll(() => shownTotal(page)).toBe(all);
  });

  test('is zoomed by keys', async ({ page }) => {
    await openPast(page);
    const from = parameter(page, 'from');
    await plot(page).focus();
    await page.keyboard.press('End');
    await expect(plot(page)).toHaveAttribute('aria-valuetext', /records?, \d[\d,]* errors?$/);
    await page.keyboard.press('Shift+ArrowLeft');
    const [count] = /[\d,]+(?= record)/.exec(await plot(page).getAttribute('aria-valuetext') ?? '') ?? [];
    expect(count).toBeDefined();
    await page.keyboard.press('Enter');
    await expect.poll(() => parameter(page, 'from')).not.toBe(from);
    await shownTotal(page);
    await page.keyboard.press('Backspace');
    await expect.poll(() => parameter(page, 'from')).toBe(from);
  });

  test('says as many records as there are', async ({ page }) => {
    const all = await openPast(page, '&q=level%3Aerror');
    const query = { q: 'level:error', dateRange: { date_from: parameter(page, 'from'), date_to: parameter(page, 'to') } };
    expect((await api('POST', '/api/projects/1/logs/count', { query })).count).toBe(all);
  });

  test('is hidden, which is remembered', async ({ page }) => {
    await openPast(page);
    await page.getByRole('button', { name: 'Hide the histogram' }).click();
    await expect(plot(page)).toBeHidden();
    await page.reload();
    await expect(plot(page)).toBeHidden();
    expect(await shownTotal(page)).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Show the histogram' }).click();
    await expect(plot(page)).toBeVisible();
    await expect(page.locator('.histogram-bars rect').first()).toBeAttached();
  });
});

test.describe('the fields', () => {
  test('have values with counts, which include and exclude', async ({ page }) => {
    const all = await openPast(page);
    const gateway = value(page, 'service', 'gateway');
    // Read before anything is chosen: later, the counts of another choice may still be shown.
    const count = Number((await gateway.locator('.facet-count').getAttribute('title'))?.replace(/\D/g, ''));
    await expect(value(page, 'level', 'error').locator('.facet-percent')).toHaveText(/%$/);
    await value(page, 'level', 'error').getByRole('checkbox').check();
    await expect.poll(() => parameter(page, 'q')).toBe('level:error');
    await value(page, 'level', 'fatal').getByRole('checkbox').check();
    await expect.poll(() => parameter(page, 'q')).toBe('level:(error OR fatal)');
    await expect(value(page, 'level', 'info').getByRole('checkbox'), 'what else there is to choose').not.toBeChecked();
    await expect(value(page, 'level', 'error').getByRole('checkbox')).toBeChecked();
    await value(page, 'level', 'error').getByRole('checkbox').uncheck();
    await expect.poll(() => parameter(page, 'q')).toBe('level:fatal');
    await expect(value(page, 'level', 'fatal').getByRole('checkbox')).toBeChecked();
    await value(page, 'level', 'fatal').getByRole('checkbox').uncheck();
    await expect.poll(() => parameter(page, 'q')).toBeNull();

    await gateway.hover();
    await gateway.getByRole('button', { name: 'Exclude gateway' }).click();
    await expect.poll(() => parameter(page, 'q')).toBe('-service:gateway');
    await expect.poll(() => shownTotal(page)).toBe(all - count);
    await expect(gateway.getByRole('button', { name: 'Exclude gateway' })).toHaveAttribute('aria-pressed', 'true');
    await gateway.getByRole('button', { name: 'Exclude gateway' }).click();
    await expect.poll(() => parameter(page, 'q')).toBeNull();
  });

  test('are looked for, opened and pinned', async ({ page }) => {
    await openPast(page);
    await page.getByRole('searchbox', { name: 'Find a field' }).fill('request.m');
    const name = page.getByRole('button', { name: 'http.request.method', exact: true });
    await expect(name).toBeVisible();
    await expect(page.getByRole('button', { name: 'user.id', exact: true })).toBeHidden();
    await name.click();
    await expect(value(page, 'http.request.method', 'GET')).toBeVisible();
    await page.getByRole('button', { name: 'Pin http.request.method' }).click();
    await page.reload();
    await expect(page.locator('.sidebar-first').getByRole('button', { name: 'http.request.method', exact: true })).toBeVisible();
    await expect(value(page, 'http.request.method', 'GET')).toBeVisible();
    await page.getByRole('button', { name: 'Show or hide http.request.method as a column' }).click();
    await expect(page.getByRole('columnheader', { name: 'http.request.method' })).toBeVisible();
  });

  test('are hidden, which is remembered', async ({ page }) => {
    await openPast(page);
    await page.getByRole('button', { name: 'Hide the fields' }).click();
    await page.reload();
    await expect(page.getByRole('button', { name: 'Show the fields' })).toBeVisible();
    await expect(page.getByRole('region', { name: 'Fields' })).toBeHidden();
  });

  test('stay quick when there are 2,000', async ({ page }) => {
    await page.route('**/logs/attributes?*', (route) => {
      const parameters = new URL(route.request().url()).searchParams;
      const offset = Number(parameters.get('offset') ?? 0);
      const names = Array.from({ length: 1000 }, (_, index) => ({ name: `field.number.${offset + index}`, propertyFilterType: 'log_attribute', matchedOn: 'key' }));
      const isLog = parameters.get('attribute_type') === 'log';
      return route.fulfill({ json: isLog ? { results: names, count: 2000 } : { results: [], count: 0 } });
    });
    await openPast(page);
    await expect(page.getByRole('button', { name: 'Show 1,900 more' })).toBeVisible();
    const took = await page.getByRole('searchbox', { name: 'Find a field' }).evaluate(async (input) => {
      const times = [];
      for (const text of ['1', '19', '199', '', 'number.5', '']) {
        const start = performance.now();
        input.value = text;
        input.dispatchEvent(new InputEvent('input', { bubbles: true }));
        // The time of the layout too.
        input.closest('docket-sidebar').getBoundingClientRect();
        document.querySelector('.sidebar-scroller').scrollTop;
        times.push(performance.now() - start);
      }
      return times.sort((a, b) => a - b)[3];
    });
    expect(took, 'milliseconds to search 2,000 fields').toBeLessThan(100);
    const opened = await page.locator('.sidebar-field[data-name="field.number.7"] .sidebar-name').evaluate((button) => {
      const start = performance.now();
      button.click();
      button.getBoundingClientRect();
      return performance.now() - start;
    });
    expect(opened, 'milliseconds to open one').toBeLessThan(100);
    await page.getByRole('searchbox', { name: 'Find a field' }).fill('number.1999');
    await expect(page.getByRole('button', { name: 'field.number.1999' })).toBeVisible();
  });
});

test.describe('a part that is loaded when it is wanted', () => {
  test.use({ tolerated: { console: [/Failed to load resource/] } });

  test('is said not to come, and comes when it is tried again', async ({ page }) => {
    const missing = new Set(['record-detail', 'completion', 'columns-chooser', 'patterns', 'tail']);
    await page.route(/\/[a-z-]+\.js$/, (route) => {
      const [, name] = /([a-z-]+)\.js$/.exec(route.request().url());
      return missing.has(name) ? route.abort() : route.fallback();
    });
    const said = page.getByText('This part of the page could not be loaded.');
    const again = (/** @type {string} */ place) => page.locator(place).filter({ has: said }).getByRole('button', { name: 'Try again' });
    await openPast(page);
    await page.locator('.rows-row[aria-level="1"]').first().click();
    await expect(again('.rows-detail')).toBeVisible();
    missing.delete('record-detail');
    await again('.rows-detail').click();
    await expect(page.getByRole('tab', { name: 'Fields' })).toBeVisible();

    await box(page).pressSequentially('lev');
    await expect(page.locator('.search-list').filter({ has: said })).toBeVisible();
    missing.delete('completion');
    await box(page).press('e');
    await expect(page.getByRole('option', { name: /^level/ })).toBeVisible();
    await box(page).press('Escape');

    await page.getByRole('button', { name: 'Columns', exact: true }).click();
    await expect(again('.toast')).toBeVisible();
    missing.delete('columns-chooser');
    await again('.toast').click();
    await page.getByRole('dialog', { name: 'Columns' }).getByRole('button', { name: 'Done' }).click();

    await page.getByRole('button', { name: 'Live' }).click();
    await expect(again('.rows-foot')).toBeVisible();
    missing.delete('tail');
    await again('.rows-foot').click();
    await expect(page.locator('.explore-status')).toContainText('live');
    await page.getByRole('button', { name: 'Live' }).click();

    await page.getByRole('tab', { name: 'Patterns' }).click();
    await expect(again('.explore-results')).toBeVisible();
    missing.delete('patterns');
    await again('.explore-results').click();
    await expect(page.getByRole('columnheader', { name: 'Pattern' })).toBeVisible();
  });
});

test('all that is chosen is in the address', async ({ page }) => {
  await open(page, 'explore?q=level%3Aerror&from=-2d&columns=timestamp%2Cuser.id%2Cmessage&sort=earliest');
  await expect(box(page)).toHaveValue('level:error');
  await expect(page.getByRole('button', { name: /^Last 2 days/ })).toBeVisible();
  await expect(page.getByRole('columnheader', { name: 'user.id' })).toBeVisible();
  await page.getByRole('tab', { name: 'Patterns' }).click();
  await expect.poll(() => parameter(page, 'tab')).toBe('patterns');
  await page.reload();
  await expect(page.getByRole('tab', { name: 'Patterns' })).toHaveAttribute('aria-selected', 'true');
  await page.goBack();
  await expect(page.getByRole('tab', { name: 'Logs' })).toHaveAttribute('aria-selected', 'true');
});

test.describe('sharing', () => {
  test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

  test('copies a link that means the same tomorrow', async ({ page }) => {
    await open(page, 'explore?q=level%3Aerror&from=-2d');
    await page.getByRole('button', { name: 'Share' }).click();
    await expect(page.getByText('Copied the link')).toBeVisible();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    const parameters = new URLSearchParams(new URL(copied).hash.split('?')[1]);
    expect(parameters.get('q')).toBe('level:error');
    expect(parameters.get('from')).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(parameters.get('to')).toMatch(/^\d{4}-\d\d-\d\dT/);
  });
});

test('Explore can be used on a phone, and by everybody', async ({ page }) => {
  await openPast(page);
  await page.setViewportSize({ width: 390, height: 800 });
  await expectNoSidewaysScrolling(page);
  await expect(page.locator('.explore-status')).toHaveText(/^(the first|all) [\d,]+$/);
  await expectNotCut(page.locator('.explore-status'));
  await page.getByRole('button', { name: 'Show the fields' }).click();
  await expect(value(page, 'level', 'error')).toBeVisible();
  await expectNoSidewaysScrolling(page);
  await expectAccessible(page);
});

const hostile = [
  'plain', '42', '042', '42.0', '-1', '1e3', 'two words', 'say "hi"', 'back\\slash', '\\"', '"', 'a*b', '*', '**', '(a)', ')', 'a OR b', 'OR', 'NOT', 'AND',
  '-minus', 'a:b', '=x', '~x', '=~.*', '!=', '>5', 'line\nend', 'tab\there', 'Straße', 'STRASSE', '日本語', '😀', 'é', '\u202egnp', '<script>', "' OR 1=1; --", ' ', ' x ', '',
];

// What a click on a value filters by is what its count says, whatever the value and the field.
test('a filter finds as many records as its value has', async ({ page }) => {
  const { id } = await makeProject('Hostile values of the explore test');
  const keys = ['plain.key', 'level', 'any.x', 'two words', 'say "hi"', 'a:b*', '-x', 'back\\slash', 'OR', '42', 'é😀'];
  await sendRecords(id, hostile.flatMap((text, index) => Array.from({ length: 1 + (index % 3) }, () => (
    { body: 'hostile', service: text === '' ? 'none' : text, attributes: Object.fromEntries(keys.map((key, at) => [key, hostile[(index + at) % hostile.length]])) }
  ))));
  const path = `/api/projects/${id}/logs/`;
  const ask = (/** @type {string} */ route, /** @type {object} */ query) => api('POST', path + route, { query: { dateRange: { date_from: '-1h' }, ...query } });
  await expect.poll(async () => (await ask('count', {})).count, { timeout: findable + 8_000 }).toBeGreaterThanOrEqual(hostile.length);
  const { count: all } = await ask('count', {});
  await open(page, `explore?project=${id}`);
  const compose = await page.evaluateHandle(() => import(new URL('query/compose.js', document.baseURI).href));
  const fields = await page.evaluateHandle(() => import(new URL('query/fields.js', document.baseURI).href));
  const facets = [{ field: 'service', facet: { facetField: 'service_name' } }];
  for (const key of keys) facets.push({ field: await fields.evaluate(({ attributeField }, name) => attributeField('log', name), key), facet: { facetAttribute: key } });
  for (const { field: name, facet } of facets) {
    const { results } = await ask('facet_values', facet);
    expect(results.length, name).toBeGreaterThan(30);
    const filters = await compose.evaluate(({ addCondition }, values) => values.map((filter) => [
      addCondition('hostile', filter), addCondition('hostile OR other', { ...filter, exclude: true }),
    ]), results.map(({ value }) => ({ field: name, value })));
    for (const [index, { count }] of results.entries()) {
      const [including, excluding] = filters[index];
      const [found, others] = await Promise.all([ask('count', { q: including }), ask('count', { q: excluding })]);
      expect(found.count, including).toBe(count);
      expect(others.count, excluding).toBe(all - count);
    }
  }
});
