import { expect, live, people, test } from './test.ts';

test('a stranger is asked to sign in and then sees the page they asked for', async ({
  visit,
  expectConsole,
}) => {
  expectConsole(/status of 401/);
  const { page } = await visit(undefined, { path: '/activity?action=CREATE' });
  await expect(page).toHaveURL(/\/login\?next=/);
  await page.getByLabel('Email').fill(people.bob.email);
  await page.getByLabel('Password', { exact: true }).fill('not this');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toHaveText('The email address or the password is wrong.');
  await page.getByLabel('Password', { exact: true }).fill(people.bob.password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/activity\?action=CREATE$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Activity' })).toBeVisible();
});

test('nobody is sent to another site after signing in', async ({ visit }) => {
  const { page } = await visit(people.bob, { path: '/login?next=//example.com/' });
  await expect(page).toHaveURL(/\/episodes$/);
});

test('a reload keeps the session, signing out ends it', async ({ visit }) => {
  const { page, context } = await visit(people.bob);
  await live(page);
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'Episodes' })).toBeVisible();
  const second = await context.newPage();
  await second.goto('/settings');
  await expect(second.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();

  await page.getByRole('button', { name: /Bob Editor/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/login$/);
  await expect(second, 'the other tab of the same browser').toHaveURL(/\/login/);
  await page.goto('/episodes');
  await expect(page).toHaveURL(/\/login/);
});

test('many tabs opening at once share one session', async ({ visit }) => {
  const { context } = await visit(people.bob);
  const pages = await Promise.all([1, 2, 3, 4].map(() => context.newPage()));
  await Promise.all(pages.map((page) => page.goto('/episodes')));
  for (const page of pages)
    await expect(page.getByRole('heading', { level: 1, name: 'Episodes' })).toBeVisible();
});

test('a session that ends under an open page asks for the password and loses nothing', async ({
  visit,
  admin,
  expectConsole,
}) => {
  expectConsole(/status of 401/);
  const episode = await admin.create({ title: 'Session end', season_number: 801, episode_number: 1 });
  const { page, context } = await visit(people.bob, { path: `/episodes/${episode.id}` });
  await live(page);
  await page.getByLabel('Title').fill('Typed before the end');

  const refused = {
    status: 401,
    contentType: 'application/problem+json',
    body: '{"title":"Expired","status":401,"code":"TOKEN_EXPIRED"}',
  };
  await page.route('**/api/v1/**', (route) =>
    route.request().url().endsWith('/auth/login') ? route.continue() : route.fulfill(refused),
  );
  await context.clearCookies();
  await page.keyboard.press('Control+s');

  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await expect(dialog).toBeVisible();
  await page.unroute('**/api/v1/**');
  await dialog.getByLabel('Password', { exact: true }).fill(people.bob.password);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(dialog).toBeHidden();
  // The save that met the end goes through by itself.
  await expect(page.getByRole('heading', { level: 1, name: 'Typed before the end' })).toBeVisible();
  expect((await admin.get(episode.id)).title).toBe('Typed before the end');
});

test('the settings change name and theme', async ({ visit, expectConsole }) => {
  expectConsole(/status of 4\d\d/);
  const { page } = await visit(people.vera, { path: '/settings' });
  await page.getByLabel('Name').fill('Vera V. Viewer');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('button', { name: /Vera V\. Viewer/ })).toBeVisible();
  await page.getByLabel('Name').fill(people.vera.name);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('radio', { name: 'Dark' }).check();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByLabel('Current password').fill('not this one');
  await page.getByLabel('New password').fill('correct horse 9');
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(
    page
      .getByText(/password/i)
      .filter({ hasText: /current|wrong|match/i })
      .first(),
  ).toBeVisible();
});
