import { expect, expectAccessible, expectNoSidewaysScrolling, findRecords, makeKey, makeProject, open, postAuditEvent, test } from '../fixture.mjs';

const hostile = '<img src=x onerror="window.docketWasHacked=1">';

/** @param {string} name */
async function projectWithEvents(name) {
  const project = await makeProject(name);
  await postAuditEvent(project, {
    actor: { type: 'user', data: { name: 'Jo Wick', email: 'jo@example.com', internal_id: '42' } }, action: 'settings.update',
    metadata: { old: { theme: 'dark', digest: { day: 'mon' }, tags: ['a', 'b'] }, new: { theme: 'light', digest: { day: 'mon' }, tags: ['b'] } },
    context: { location: '192.0.2.7' },
  });
  await postAuditEvent(project, { action: 'prices.update', metadata: { changed: 118 }, external_id: 'globex "east"' });
  await postAuditEvent(project, {
    actor: { type: 'user', data: { name: hostile, email: 'e@example.com', internal_id: hostile } }, action: 'member.remove',
    metadata: { old: { [hostile]: hostile }, new: null, outcome: 'failure', reason: hostile },
  });
  await findRecords(project, 3);
  return project;
}

test('audit events are sentences, with what changed and a hash that the browser verifies', async ({ page }) => {
  const { id } = await projectWithEvents('Audit: sentences');
  await open(page, `audit?project=${id}`);
  const event = page.getByRole('button', { name: /Jo Wick updated settings/ });
  await event.click();
  await expect(page.getByRole('row', { name: 'theme dark light' })).toBeVisible();
  await expect(page.getByRole('row', { name: /^tags a/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /digest/ })).toHaveCount(0);
  await expect(page.getByText('jo@example.com')).toBeVisible();
  await expect(page.getByText(/^[0-9a-f]{64}$/)).toBeVisible();
  await page.getByRole('button', { name: 'Verify here' }).click();
  await expect(page.getByText('Unchanged: this browser computed the same hash')).toBeVisible();
  await expectAccessible(page);

  await page.reload();
  await expect(page.getByText('jo@example.com'), 'the address names the open event').toBeVisible();
  await page.getByRole('link', { name: 'The whole record' }).click();
  await expect(page).toHaveTitle('Record · Docket');
});

test('events are found by actor, action, workspace and time', async ({ page }) => {
  const { id } = await projectWithEvents('Audit: filters');
  await open(page, `audit?project=${id}`);
  const events = page.locator('.audit-event');
  await expect(events).toHaveCount(3);
  await page.getByLabel('Who', { exact: true }).fill('WICK');
  await page.keyboard.press('Enter');
  await expect(events).toHaveCount(1);
  await expect(events).toContainText('Jo Wick');
  await page.getByLabel('Who', { exact: true }).fill('');
  await page.getByLabel('Did what').fill('update');
  await page.keyboard.press('Enter');
  await expect(events).toHaveCount(2);
  await page.getByLabel('In which workspace').fill('globex "east"');
  await page.keyboard.press('Enter');
  await expect(events).toHaveCount(1);
  await expect(events).toContainText('Nightly run updated prices in globex "east"');
  await page.goBack();
  await expect(events).toHaveCount(2);
  await open(page, `audit?project=${id}&from=2020-01-01&to=2020-01-02`);
  await expect(page.getByText('No audit events in this time')).toBeVisible();
  await page.getByRole('button', { name: 'All time' }).click();
  await expect(events).toHaveCount(3);
});

test('texts of events are texts', async ({ page }) => {
  const { id } = await projectWithEvents('Audit: hostile');
  await open(page, `audit?project=${id}`);
  await page.getByRole('button', { name: /failed to remove member/ }).click();
  await expect(page.getByText(hostile, { exact: true }).first()).toBeVisible();
  await expectAccessible(page);
});

test('who may reads the audit trail of Docket itself', async ({ page }) => {
  const { id } = await makeProject('Audit: of Docket');
  await makeKey(['logs:read'], [id]);
  await open(page, `audit?project=${id}`);
  await page.getByRole('link', { name: 'Docket itself' }).click();
  await expect(page).toHaveURL(/project=2000000000/);
  await expect(page.getByRole('button', { name: "Project: Docket's audit trail" })).toBeVisible();
  const made = page.getByRole('button', { name: /created key for logs:read/ }).first();
  await expect(async () => {
    if (!(await made.isVisible())) await page.reload();
    await expect(made).toBeVisible({ timeout: 2_000 });
  }, 'found, a moment after it was made').toPass();
  await made.click();
  await expect(page.getByRole('rowheader', { name: 'scopes' })).toBeVisible();
  await page.getByRole('button', { name: 'Verify here' }).click();
  await expect(page.getByText('Unchanged: this browser computed the same hash')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Docket itself' }), 'one is there').toHaveCount(0);
  await page.getByRole('link', { name: 'In Explore' }).click();
  await expect(page.locator('.rows-row[aria-level="1"]')).toHaveCount(1);
});

test('a reader of one project is not offered the trail of Docket', async ({ page }) => {
  const { id } = await projectWithEvents('Audit: reader');
  const { value } = await makeKey(['logs:read'], [id]);
  await page.addInitScript((key) => sessionStorage.setItem('docket-key', key), value);
  await open(page, `audit?project=${id}`);
  await expect(page.locator('.audit-event')).toHaveCount(3);
  await expect(page.getByRole('link', { name: 'Docket itself' })).toHaveCount(0);
});

test('it fits a phone', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const { id } = await projectWithEvents('Audit: phone');
  await open(page, `audit?project=${id}`);
  await page.getByRole('button', { name: /Jo Wick updated settings/ }).click();
  await expectNoSidewaysScrolling(page);
  await expectAccessible(page);
});
