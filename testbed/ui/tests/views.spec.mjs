import { api, expect, expectAccessible, expectNoSidewaysScrolling, makeKey, makeProject, open, test } from '../fixture.mjs';

/**
 * @param {string} name of a project for the test alone
 * @param {object[]} views
 */
async function projectWithViews(name, ...views) {
  const project = await makeProject(name);
  const made = [];
  for (const view of views) made.push(await api('POST', `/api/projects/${project.id}/logs/views/`, view));
  return { id: project.id, views: made };
}

const failedSignIns = {
  name: 'Failed sign-ins', filters: { q: 'event:user.sign_in_failed user.id=42', dateRange: { date_from: '-7d', date_to: null }, orderBy: 'earliest' },
  columns: [{ id: 'timestamp', type: 'timestamp', width: 210 }, { id: 'user.id', type: 'custom', expression: 'attributes.user.id' }, { id: 'message', type: 'message' }],
};

test.describe('a search', () => {
  test.use({ tolerated: { console: [/status of 400/] } });

  test('is saved as a view with its range and columns, and opens as it was', async ({ page }) => {
    const { id } = await projectWithViews('Views: save');
    await open(page, `explore?project=${id}&q=level:error%20user.id=42&from=-7d&columns=timestamp,user.id,message&widths=210,,&sort=earliest`);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Save as a view' });
    await expect(dialog).toContainText('level:error user.id=42');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog.getByLabel('Name')).toHaveAccessibleDescription(/must not be blank/);
    await expect(dialog.getByLabel('Name')).toBeFocused();
    await expectAccessible(page, 'dialog');
    await dialog.getByLabel('Name').fill('  Errors of 42 ');
    await dialog.getByLabel('Name').press('Enter');
    await expect(dialog).toBeHidden();
    await expectAccessible(page, '.toasts');
    await page.getByRole('button', { name: 'All views' }).click();

    const row = page.getByRole('row', { name: /Errors of 42/ });
    await expect(row).toContainText('level:error user.id=42');
    await expect(row).toContainText('Last 7 days');
    await expect(row).toContainText('timestamp, user.id, message');
    await row.getByRole('link', { name: 'Errors of 42' }).click();
    await expect(page).toHaveTitle('Explore · Docket');
    const parameters = new URLSearchParams(new URL(page.url()).hash.split('?')[1]);
    expect(parameters.get('q')).toBe('level:error user.id=42');
    expect(parameters.get('from')).toBe('-7d');
    expect(parameters.get('sort')).toBe('earliest');
    expect(parameters.get('columns')).toBe('timestamp,user.id,message');
    expect(parameters.get('widths')).toBe('210,,');
    await expect(page.getByRole('columnheader', { name: /user\.id/ })).toBeVisible();
  });

  test('that is saved under the name of a view changes that view', async ({ page }) => {
    const { id } = await projectWithViews('Views: save again', { ...failedSignIns, pinned: true });
    await open(page, `explore?project=${id}&q=level:warn`);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Save as a view' });
    await dialog.getByLabel('Name').fill('Failed sign-ins');
    await expect(dialog.getByText('A view has this name. Saving changes it.')).toBeVisible();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog).toBeHidden();
    const { results } = await api('GET', `/api/projects/${id}/logs/views/`);
    expect(results.map(({ name, filters, pinned }) => [name, filters.q, pinned])).toEqual([['Failed sign-ins', 'level:warn', true]]);
  });
});

test('a view is pinned, renamed and deleted', async ({ page }) => {
  const { id } = await projectWithViews('Views: change', failedSignIns, { name: 'Another', filters: { q: '' } });
  await open(page, `views?project=${id}`);
  await expect(page.getByRole('row').nth(1)).toContainText('Another');
  await page.getByRole('button', { name: 'Pin Failed sign-ins' }).click();
  await expect(page.getByRole('button', { name: 'Pin Failed sign-ins' })).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByRole('button', { name: 'Pin Failed sign-ins' })).toBeFocused();
  await expect(page.getByRole('row').nth(1)).toContainText('Failed sign-ins');

  await page.getByRole('button', { name: 'What to do with Another' }).click();
  await expectAccessible(page, '.menu');
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  const dialog = page.getByRole('dialog', { name: 'Rename the view' });
  await expectAccessible(page, 'dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('Everything');
  await dialog.getByLabel('Name', { exact: true }).press('Enter');
  await expect(page.getByRole('link', { name: 'Everything' })).toBeVisible();

  await page.getByRole('button', { name: 'What to do with Everything' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(page.getByRole('dialog', { name: 'Delete the view?' })).toBeVisible();
  await expectAccessible(page, 'dialog');
  await page.getByRole('dialog', { name: 'Delete the view?' }).getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('link', { name: 'Everything' })).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('link', { name: 'Failed sign-ins' })).toBeVisible();
  await expect(page.getByRole('row')).toHaveCount(2);
});

test('a link to a view opens it as it is by then', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const { id, views } = await projectWithViews('Views: share', failedSignIns);
  await open(page, `views?project=${id}`);
  await page.getByRole('button', { name: 'What to do with Failed sign-ins' }).click();
  await page.getByRole('menuitem', { name: 'Copy link' }).click();
  await expect(page.getByText('The link is copied.')).toBeVisible();
  const address = await page.evaluate(() => navigator.clipboard.readText());
  expect(address).toBe(`${new URL(page.url()).origin}/ui/#/views/${views[0].short_id}?project=${id}`);

  await api('PATCH', `/api/projects/${id}/logs/views/${views[0].short_id}/`, { filters: { q: 'level:fatal' } });
  await page.goto('about:blank');
  await page.goto(address);
  await expect(page).toHaveTitle('Explore · Docket');
  expect(new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('q')).toBe('level:fatal');
});

test('a view leads to an alert', async ({ page }) => {
  const { id } = await projectWithViews('Views: alert', failedSignIns);
  await open(page, `views?project=${id}`);
  await page.getByRole('button', { name: 'What to do with Failed sign-ins' }).click();
  await page.getByRole('menuitem', { name: 'Alert from this search' }).click();
  await expect(page.getByRole('heading', { name: 'New alert' })).toBeVisible();
  await expect(page.getByLabel('Search', { exact: true })).toHaveValue('event:user.sign_in_failed user.id=42');
});

test('views that other clients have made are read as searches', async ({ page }) => {
  const { id } = await projectWithViews('Views: other clients',
    { name: 'Of PostHog', filters: { severityLevels: ['error', 'fatal'], serviceNames: ['checkout'], searchTerm: 'card declined' } },
    { name: 'Beyond words', filters: { personId: 7 } },
    { name: '<img src=x onerror="window.docketWasHacked = true">', filters: { q: '<script>window.docketWasHacked = true</script>' } });
  await open(page, `views?project=${id}`);
  await expect(page.getByRole('row', { name: /Beyond words/ })).toContainText('no words for all of this');
  await expect(page.getByRole('link', { name: '<img src=x onerror="window.docketWasHacked = true">' })).toBeVisible();
  await page.getByRole('link', { name: 'Of PostHog' }).click();
  await expect(page).toHaveTitle('Explore · Docket');
  await expect(page.getByLabel('Search', { exact: true })).toHaveValue('level:(error OR fatal) service:checkout "card declined"');
});

test('many views are found by a word', async ({ page }) => {
  const { id } = await projectWithViews('Views: many', ...Array.from({ length: 9 }, (_, index) => ({ name: `View ${index + 1}`, filters: { q: `user.id=${index}` } })));
  await open(page, `views?project=${id}`);
  await page.getByRole('searchbox', { name: /Find a view/ }).fill('user.id=4');
  await expect(page.getByRole('link', { name: /^View \d/ })).toHaveText(['View 5']);
  await page.getByRole('searchbox', { name: /Find a view/ }).fill('nothing has this');
  await expect(page.getByText('No view has that in its name or search')).toBeVisible();
});

test('without views the page says how to make one', async ({ page }) => {
  const { id } = await projectWithViews('Views: none');
  await open(page, `views?project=${id}`);
  await expect(page.getByText('No views yet')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Explore records' })).toHaveAttribute('href', `#/explore?project=${id}`);
});

test.describe('a view that is not there', () => {
  test.use({ tolerated: { console: [/status of 404/] } });

  test('is said to be so', async ({ page }) => {
    await open(page, 'views/nothing');
    await expect(page.getByRole('alert')).toContainText('The project has no view with this short id.');
  });
});

test.describe('a key that only reads', () => {
  test.use({ isSignedIn: false });

  test('opens views and changes none', async ({ page }) => {
    const { id } = await projectWithViews('Views: read', failedSignIns);
    const { value } = await makeKey(['logs:read'], [id]);
    await page.addInitScript((key) => sessionStorage.setItem('docket-key', key), value);
    await open(page, `views?project=${id}`);
    await expect(page.getByRole('button', { name: 'Pin Failed sign-ins' })).toBeDisabled();
    await page.getByRole('button', { name: 'What to do with Failed sign-ins' }).click();
    for (const name of ['Rename', 'Pin', 'Delete', 'Alert from this search']) {
      await expect(page.getByRole('menuitem', { name })).toHaveAttribute('aria-disabled', 'true');
    }
    await page.getByRole('menuitem', { name: 'Open' }).click();
    await expect(page).toHaveTitle('Explore · Docket');
  });
});

test('views of the configuration are shown as such and cannot be changed', async ({ page }) => {
  const { id } = await projectWithViews('Views: provisioned', failedSignIns);
  // How an operator writes one is tested elsewhere; here it is what the page makes of the answer.
  await page.route('**/logs/views/?**', async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    await route.fulfill({ response, json: { ...body, results: body.results.map((view) => ({ ...view, provisioned: true })) } });
  });
  await open(page, `views?project=${id}`);
  await expect(page.getByRole('row', { name: /Failed sign-ins/ })).toContainText('configured');
  await expect(page.getByRole('button', { name: 'Pin Failed sign-ins' })).toBeDisabled();
  await page.getByRole('button', { name: 'What to do with Failed sign-ins' }).click();
  await expect(page.getByRole('menuitem', { name: 'Delete' })).toHaveAttribute('aria-disabled', 'true');
});

test('the list is accessible, and fits narrow windows', async ({ page }) => {
  test.slow();
  const { id } = await projectWithViews('Views: narrow', { ...failedSignIns, pinned: true },
    { name: 'A'.repeat(200), filters: { q: 'b'.repeat(300), dateRange: { date_from: '2026-11-20T00:00:00Z', date_to: '2026-11-21T00:00:00Z' } } });
  await open(page, `views?project=${id}`);
  await expect(page.getByRole('link', { name: 'Failed sign-ins' })).toBeVisible();
  await expectAccessible(page);
  for (const width of [640, 390, 320]) {
    await page.setViewportSize({ width, height: 700 });
    await expectNoSidewaysScrolling(page);
    await expect(page.getByRole('button', { name: 'What to do with Failed sign-ins' })).toBeInViewport();
  }
  await expectAccessible(page);
});
