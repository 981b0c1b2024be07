import { createServer } from 'node:http';
import { api, expect, expectAccessible, expectNoSidewaysScrolling, findable, makeKey, makeProject, open, test } from '../fixture.mjs';
import { sendRecords } from '../otlp.mjs';

const minute = 60_000;

/** What an alert may take to see a record: the record is found, and the next check is made. */
const seen = { timeout: findable + 10_000 };

/**
 * @param {number} project
 * @param {object} [settings]
 */
function makeAlert(project, settings = {}) {
  return api('POST', `/api/projects/${project}/logs/alerts/`, { name: 'Refused charges', filters: { q: 'refused' }, threshold_count: 0, ...settings });
}

/** A receiver of webhooks: it takes what comes to /good and refuses what comes to /bad. */
async function receiver() {
  /** @type {any[]} */
  const taken = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => (text += part));
    request.on('end', () => {
      if (request.url === '/good') taken.push(JSON.parse(text));
      response.writeHead(request.url === '/good' ? 200 : 503).end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { address: `http://127.0.0.1:${port}`, taken, close: () => server.close() };
}

test('an alert is made from a search, shows what it would have done, fires and tells', async ({ page }) => {
  test.slow();
  const { id } = await makeProject('Alerts: from a search');
  const hook = await receiver();
  // Two bursts of the past, of which one is over.
  const burst = (minutes) => Array.from({ length: 6 }, (_, index) => ({ body: `charge ${index} refused`, at: Date.now() - minutes * minute }));
  await sendRecords(id, [...burst(300), ...burst(120)]);
  await open(page, `explore?project=${id}&q=refused&from=-24h`);
  await page.getByRole('link', { name: 'Alert', exact: true }).or(page.getByRole('button', { name: 'Alert', exact: true })).click();

  await expect(page.getByLabel('Search', { exact: true })).toHaveValue('refused');
  await page.getByLabel('Threshold', { exact: true }).fill('5');
  await expect(page.getByText('It would have fired 2 times in the last 24 hours.')).toBeVisible();
  const chart = page.getByRole('slider', { name: 'Records in 5 minutes over the last 24 hours' });
  await expect(chart.locator('.chart-mark-start')).toHaveCount(2);
  await expect(chart.locator('.chart-mark-end')).toHaveCount(2);
  await page.getByText('What it would have told (4)').click();
  await expect(page.getByRole('list', { name: 'What it would have told' }).getByRole('listitem')).toHaveText([
    /Resolved.*after 5 min/, /Fired.*with 6 records/, /Resolved.*after 5 min/, /Fired.*with 6 records/,
  ]);
  await chart.focus();
  await page.keyboard.press('Home');
  await expect(chart).toHaveAttribute('aria-valuetext', /0 ≤ 5: OK$/);
  await expect(page.locator('.chart-readout')).toContainText('0 ≤ 5: OK');
  await page.getByLabel('In at least').fill('2');
  await page.getByLabel('of the last').fill('10');
  await page.getByRole('button', { name: '7 days' }).click();
  await expect(page.getByText(/in the last 7 days\.$/)).toBeVisible();
  await page.getByLabel('In at least').fill('1');
  await page.getByLabel('of the last').fill('1');
  await page.getByLabel('Name', { exact: true }).fill('Refused charges');
  await page.getByRole('button', { name: 'Create alert' }).click();

  await expect(page.getByRole('heading', { name: 'Refused charges' })).toBeVisible();
  await expect(page.getByText('It tells nobody yet')).toBeVisible();
  await page.getByRole('button', { name: 'Add a destination' }).click();
  const dialog = page.getByRole('dialog', { name: 'Whom to tell of Refused charges' });
  await expectAccessible(page, 'dialog');
  await dialog.getByLabel('Address').fill(`${hook.address}/good`);
  await dialog.getByRole('button', { name: 'Add' }).click();
  const secret = page.getByRole('dialog', { name: 'The webhook is added' });
  await expect(secret.getByLabel('Secret of the signature')).toHaveValue(/^whsec_/);
  await expectAccessible(page, 'dialog');
  await secret.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText('It tells nobody yet')).toBeHidden();

  await sendRecords(id, burst(0));
  await expect.poll(() => hook.taken.map(({ type }) => type), seen).toEqual(['logs_alert.firing']);
  await page.reload();
  await expect(page.locator('.badge[data-state="firing"]')).toBeVisible();
  await expect(page.getByRole('img', { name: /^Last 24 hours: firing 1 time, .* in all; now Firing$/ })).toBeVisible();
  const history = page.locator('docket-alert-history');
  await expect(history.getByRole('row', { name: /Fired/ })).toContainText('6 records');
  await expect(history.getByRole('row', { name: /Fired/ })).toContainText('announced');
  const log = page.locator('docket-alert-deliveries');
  await expect(log.getByRole('row', { name: /Fired → Webhook/ })).toContainText('delivered');
  await log.getByText('1 attempt').click();
  await expect(log).toContainText('arrived (status 200');
  hook.close();
});

test.describe('what the server refuses', () => {
  test.use({ tolerated: { console: [/status of 400/] } });

  test('stands at the field of the alert that is wrong', async ({ page }) => {
    const { id } = await makeProject('Alerts: wrong settings');
    await open(page, `alerts/new?project=${id}`);
    await expect(page.getByText('Say which records it counts')).toBeVisible();
    await page.getByRole('button', { name: 'Create alert' }).click();
    const search = page.getByLabel('Search', { exact: true });
    await expect(search).toHaveAccessibleDescription(/must have at least one of/);
    await expect(search).toBeFocused();
    await search.fill('level:');
    await expect(search).toHaveAccessibleDescription(/Column 7: expected a value/);
    await expect(search).toHaveAttribute('aria-invalid', 'true');
    await expectAccessible(page, '.alert-form');
    await search.fill('  level:error (');
    await expect(search).toHaveAccessibleDescription(/Column 14: expected a condition/);
    await search.press('Home');
    await page.getByRole('button', { name: /Column 14/ }).click();
    await expect(search, 'one is led to the mistake').toBeFocused();
    expect(await search.evaluate((/** @type {HTMLTextAreaElement} */ { selectionStart }) => selectionStart)).toBe(15);
    await search.fill('level:error');
    await expect(search).not.toHaveAttribute('aria-invalid');

    const cases = [
      ['Threshold', '-1', /at least 0/, '5'], ['Threshold', '', /This must be/, '5'], ['In at least', '2', /at most evaluation_periods, 1/, '1'],
      ['of the last', '11', /at most 10/, '1'], ['Cooldown', '-5', /at least 0/, '0'], ['Recovery threshold', '-5', /at least 0/, ''],
      ['Evaluation delay', '86401', /at most 86400/, '0'], ['For each value of', 'attributes.', /must not be blank/, ''],
    ];
    for (const [label, wrong, message, right] of cases) {
      const fold = page.locator('details.form-more');
      if (!(await fold.evaluate((element) => /** @type {HTMLDetailsElement} */ (element).open))) await fold.locator('summary').click();
      const field = page.getByLabel(label, { exact: true });
      await field.fill(wrong);
      await page.getByRole('button', { name: 'Create alert' }).click();
      await expect(field, `${label} ${wrong}`).toHaveAccessibleDescription(message);
      await field.fill(right);
    }
    await page.getByRole('button', { name: 'Add quiet hours' }).click();
    await page.getByLabel('Time zone of the quiet hours').fill('Mars/Olympus');
    await page.getByRole('button', { name: 'Create alert' }).click();
    await expect(page.getByRole('group', { name: 'Quiet hours' })).toContainText('"Mars/Olympus" is no time zone');
    expect((await api('GET', `/api/projects/${id}/logs/alerts/`)).count).toBe(0);
  });

  test('stands at the field of the destination that is wrong', async ({ page }) => {
    const { id } = await makeProject('Alerts: wrong destinations');
    const alert = await makeAlert(id);
    await open(page, `alerts/${alert.id}?project=${id}`);
    await page.getByRole('button', { name: 'Add a destination' }).click();
    const dialog = page.getByRole('dialog', { name: /Whom to tell/ });
    const cases = [
      ['Webhook', 'Address', 'nowhere', /must be an address/], ['Slack, incoming webhook', 'Address', '', /required/], ['Slack, bot', 'Workspace', '', /required/],
      ['Microsoft Teams', 'Address', '', /required/], ['Discord', 'Address', 'https://example.com/', /must be https:\/\/discord/],
      ['PagerDuty', 'Routing key', '', /required/], ['E-mail', 'Addresses', 'jo at example', /no address/],
    ];
    for (const [kind, label, wrong, message] of cases) {
      await dialog.getByLabel('Kind').selectOption(kind);
      await dialog.getByLabel(label, { exact: true }).fill(wrong);
      await dialog.getByRole('button', { name: 'Add' }).click();
      await expect(dialog.getByLabel(label, { exact: true }), kind).toHaveAccessibleDescription(message);
      await expect(dialog.getByLabel(label, { exact: true })).toBeFocused();
    }
    await expectAccessible(page, 'dialog');
    await dialog.getByLabel('Addresses').fill('jo@example.com; sam@example.com');
    await dialog.getByRole('button', { name: 'Add' }).click();
    await expect(page.getByRole('listitem').filter({ hasText: 'E-mail' })).toContainText('jo@example.com, …');
  });
});

test('a destination is tried, says what came of it, and is deleted', async ({ page }) => {
  const { id } = await makeProject('Alerts: test-send');
  const hook = await receiver();
  const alert = await makeAlert(id);
  for (const place of ['good', 'bad']) {
    await api('POST', `/api/projects/${id}/logs/alerts/${alert.id}/destinations/`, { type: 'webhook', webhook_url: `${hook.address}/${place}` });
  }
  await open(page, `alerts/${alert.id}?project=${id}`);
  const destinations = page.locator('docket-alert-destinations').getByRole('listitem');
  await expect(destinations).toHaveCount(2);
  await destinations.nth(0).getByRole('button', { name: /^Send a test/ }).click();
  await expect(destinations.nth(0).getByRole('status')).toContainText('The test arrived (status 200');
  await destinations.nth(1).getByRole('button', { name: /^Send a test/ }).click();
  await expect(destinations.nth(1).getByRole('status')).toContainText('The test failed: it answered with HTTP status 503');
  expect(hook.taken.map(({ data }) => data.alert_name)).toEqual(['Refused charges']);

  await destinations.nth(1).getByRole('button', { name: /^Delete/ }).click();
  await expect(page.getByRole('dialog', { name: 'Delete the destination?' })).toBeVisible();
  await expectAccessible(page, 'dialog');
  await page.getByRole('dialog', { name: 'Delete the destination?' }).getByRole('button', { name: 'Delete' }).click();
  await expect(destinations).toHaveCount(1);
  hook.close();
});

test('an alert is snoozed, woken, switched off and on, edited and deleted', async ({ page }) => {
  const { id } = await makeProject('Alerts: change');
  const alert = await makeAlert(id);
  await open(page, `alerts/${alert.id}?project=${id}`);
  const state = (/** @type {string} */ name) => page.locator(`.alert-top .badge[data-state="${name}"]`);
  await expect(state('not_firing')).toBeVisible();
  await page.getByRole('button', { name: 'Snooze' }).click();
  await page.getByRole('menuitem', { name: /^4 hours/ }).click();
  await expect(state('snoozed')).toBeVisible();
  await expect(page.getByText(/snoozed for 3 h 59 min|snoozed for 4 h/)).toBeVisible();
  await page.getByRole('button', { name: 'End the snooze' }).click();
  await expect(state('not_firing')).toBeVisible();
  await page.getByRole('button', { name: 'Snooze' }).click();
  await page.getByRole('menuitem', { name: 'Until …' }).click();
  await expect(page.getByRole('dialog', { name: /^Snooze/ })).toBeVisible();
  await expectAccessible(page, 'dialog');
  await page.getByRole('dialog', { name: /^Snooze/ }).getByRole('button', { name: 'Snooze' }).click();
  await expect(state('snoozed')).toBeVisible();

  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Switch off' }).click();
  await expect(state('disabled')).toBeVisible();
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Switch on' }).click();
  await expect(state('not_firing')).toBeVisible();
  const history = page.locator('docket-alert-history');
  await expect(history.getByRole('row')).toContainText([/Switched on/, /Switched off/, /Snoozed/, /Snooze ended by hand/, /Snoozed/]);

  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Cooldown').fill('90');
  await page.getByLabel('in a window of').selectOption('1 hour');
  await page.getByText('Groups, recovery, silence and late records').click();
  await page.getByLabel('Recovery threshold').fill('0');
  await page.getByLabel('A window without records').selectOption('changes nothing');
  await page.getByLabel('Evaluation delay').fill('30');
  await page.getByRole('button', { name: 'Add quiet hours' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  const summary = page.getByRole('region', { name: 'What it does' });
  for (const text of ['more than 0 records in 1 hour', '90 minutes', '0 records or fewer', 'changes nothing', '30 seconds for late records', '22:00–06:30 (Asia/']) {
    await expect(summary).toContainText(text);
  }
  const kept = await api('GET', `/api/projects/${id}/logs/alerts/${alert.id}/`);
  expect(kept).toMatchObject({
    cooldown_minutes: 90, window_minutes: 60, recovery_threshold: 0, no_data: 'keep', evaluation_delay_seconds: 30, filters: { q: 'refused' },
    schedule_restriction: { blocked_windows: [{ start: '22:00', end: '06:30' }], timezone: expect.stringMatching(/^Asia\/(Kolkata|Calcutta)$/) },
  });

  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(page.getByRole('dialog', { name: 'Delete the alert?' })).toBeVisible();
  await expectAccessible(page, 'dialog');
  await page.getByRole('dialog', { name: 'Delete the alert?' }).getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('No alerts yet')).toBeVisible();
});

test('an alert for each value of a field shows the state of each', async ({ page }) => {
  const { id } = await makeProject('Alerts: groups');
  const refusals = (/** @type {number} */ at) => ['payments', 'payments', 'mailer'].map((service) => ({ body: 'charge refused', service, at }));
  await sendRecords(id, refusals(Date.now() - 60 * minute));
  await open(page, `alerts/new?project=${id}&q=refused`);
  await page.getByLabel('Threshold', { exact: true }).fill('1');
  await page.getByText('Groups, recovery, silence and late records').click();
  await page.getByLabel('For each value of').fill('service');
  await expect(page.getByText('It would have fired once in the last 24 hours.')).toBeVisible();
  // The simulation of a moment ago, without groups, looks the same until it is opened.
  await expect(async () => {
    const told = page.getByRole('list', { name: 'What it would have told' });
    if (!(await told.isVisible())) await page.getByText(/^What it would have told/).click();
    await expect(told).toContainText('payments with 2 records', { timeout: 1000 });
  }).toPass();
  await page.getByRole('button', { name: 'Create alert' }).click();
  await expect(page.getByRole('heading', { name: 'refused', exact: true })).toBeVisible();
  await sendRecords(id, refusals(Date.now()));
  await expect.poll(async () => {
    const { results: [alert] } = await api('GET', `/api/projects/${id}/logs/alerts/`);
    return alert.groups.map(({ value, state }) => `${value} ${state}`).sort();
  }, seen).toEqual(['mailer not_firing', 'payments firing']);
  await page.reload();
  await expect(page.getByText('1 of 2 values firing')).toBeVisible();
  await expect(page.getByRole('region', { name: 'States for each service' }).getByRole('row')).toContainText([/Firing\s*payments\s*2 records/, /OK\s*mailer\s*1 record/]);
  await expect(page.locator('docket-alert-history').getByRole('row', { name: /Fired payments/ })).toBeVisible();
});

test('what another client has filtered by is shown, and can be edited as a search', async ({ page }) => {
  const { id } = await makeProject('Alerts: other filters');
  const alert = await makeAlert(id, { filters: { severityLevels: ['error'], serviceNames: ['payments'] } });
  await open(page, `alerts?project=${id}`);
  await expect(page.getByRole('row', { name: /Refused charges/ })).toContainText('level:error service:payments');
  await open(page, `alerts/${alert.id}/edit?project=${id}`);
  await page.getByRole('button', { name: 'Edit as search text' }).click();
  await expect(page.getByLabel('Search', { exact: true })).toHaveValue('level:error service:payments');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('region', { name: 'What it does' })).toContainText('level:error service:payments');
  expect((await api('GET', `/api/projects/${id}/logs/alerts/${alert.id}/`)).filters).toEqual({ q: 'level:error service:payments' });
});

test.describe('an alert that cannot be reset', () => {
  test.use({ tolerated: { console: [/status of 400/] } });

  test('says why it is broken, and why it was not reset', async ({ page }) => {
    const { id } = await makeProject('Alerts: broken');
    const alert = await makeAlert(id);
    // Five checks that are too expensive would take five minutes; the answer is made up, the server's refusal is not.
    await page.route(`**/alerts/${alert.id}/`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), state: 'broken', consecutive_failures: 5, last_error_message: 'The count takes too long.' } });
    });
    await open(page, `alerts/${alert.id}?project=${id}`);
    await expect(page.getByRole('note')).toContainText('It is broken and is not checked any more, after 5 failures in a row.');
    await expect(page.getByRole('note')).toContainText('The count takes too long.');
    await page.getByRole('button', { name: 'Reset' }).click();
    await expect(page.getByText(/Only an alert that is broken can be reset/)).toBeVisible();
  });
});

test.describe('a key that only reads', () => {
  test.use({ isSignedIn: false });

  test('sees alerts and changes none', async ({ page }) => {
    const { id } = await makeProject('Alerts: read');
    const alert = await makeAlert(id);
    const { value } = await makeKey(['logs:read'], [id]);
    await page.addInitScript((key) => sessionStorage.setItem('docket-key', key), value);
    await open(page, `alerts?project=${id}`);
    await expect(page.getByRole('link', { name: 'Refused charges' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'New alert' })).toHaveCount(0);
    await expect(page.getByRole('button', { name: /^What to do with/ })).toHaveCount(0);
    await open(page, `alerts/${alert.id}?project=${id}`);
    await expect(page.getByRole('heading', { name: 'Refused charges' })).toBeVisible();
    for (const name of ['Snooze', 'Add a destination', 'More']) await expect(page.getByRole('button', { name, exact: true })).toHaveCount(0);
  });
});

test('an alert of the configuration is shown as such and cannot be changed', async ({ page }) => {
  const { id } = await makeProject('Alerts: provisioned');
  const alert = await makeAlert(id);
  await page.route(/\/alerts\/(\?|[0-9a-f-]+\/$)/, async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    await route.fulfill({ response, json: body.results ? { ...body, results: body.results.map((one) => ({ ...one, provisioned: true })) } : { ...body, provisioned: true } });
  });
  await open(page, `alerts?project=${id}`);
  await expect(page.getByRole('row', { name: /Refused charges/ })).toContainText('configured');
  await expect(page.getByRole('button', { name: /^What to do with/ })).toHaveCount(0);
  await page.getByRole('link', { name: 'Refused charges' }).click();
  await expect(page.getByText('from the configuration')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Edit' })).toHaveCount(0);
  await open(page, `alerts/${alert.id}/edit?project=${id}`);
  await expect(page.getByText('comes from the configuration of Docket and is changed there')).toBeVisible();
});

test('names and searches that are hostile are shown as text', async ({ page }) => {
  const { id } = await makeProject('Alerts: hostile');
  const name = '<img src=x onerror="window.docketWasHacked = true">';
  const alert = await makeAlert(id, { name, filters: { q: '"<script>window.docketWasHacked = true</script>"' } });
  await open(page, `alerts?project=${id}`);
  await expect(page.getByRole('link', { name })).toBeVisible();
  await open(page, `alerts/${alert.id}?project=${id}`);
  await expect(page.getByRole('heading', { name })).toBeVisible();
  await expect(page.getByRole('region', { name: 'What it does' })).toContainText('<script>');
});

for (const place of ['alerts', 'alerts/new', 'alerts/ID']) {
  test(`${place} is accessible, and fits narrow windows`, async ({ page }) => {
    test.slow();
    const { id } = await makeProject(`Alerts: ${place} in narrow windows`);
    const alert = await makeAlert(id, { name: 'A'.repeat(120), filters: { q: 'b'.repeat(200) } });
    await makeAlert(id, { name: 'Off', enabled: false });
    await page.emulateMedia({ colorScheme: 'light' });
    await open(page, `${place.replace('ID', alert.id)}?project=${id}${place === 'alerts/new' ? '&q=refused' : ''}`);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await page.waitForLoadState('networkidle');
    await expectAccessible(page);
    for (const width of [640, 390, 320]) {
      await page.setViewportSize({ width, height: 700 });
      await expectNoSidewaysScrolling(page);
    }
  });
}
