import { unique } from './api.ts';
import { expect, live, people, row, test } from './test.ts';

test('the address is the state of the list', async ({ visit, admin }) => {
  const one = await admin.create({ ...unique('Addressed', 811), categories: ['harbour'] });
  const two = await admin.create({ ...unique('Addressed', 812), categories: ['desert'] });
  const { page } = await visit(people.ada);
  await page.getByRole('textbox', { name: 'Search episodes' }).fill('Addressed');
  await expect(page).toHaveURL(/q=Addressed/);
  await expect(row(page, two.id)).toBeVisible();
  await page.getByRole('button', { name: 'Category' }).click();
  await page.getByRole('option', { name: /harbour/ }).click();
  await expect(page).toHaveURL(/category=harbour/);
  await expect(row(page, two.id)).toHaveCount(0);
  await page.getByRole('group', { name: 'Status' }).getByRole('button', { name: /Draft/ }).click();
  await expect(page).toHaveURL(/status=draft/);
  await page.reload();
  await expect(page.getByRole('textbox', { name: 'Search episodes' })).toHaveValue('Addressed');
  await expect(row(page, one.id)).toBeVisible();
  await page.getByRole('button', { name: 'Clear category' }).click();
  await expect(row(page, two.id)).toBeVisible();
  await page.getByRole('columnheader', { name: 'Code' }).getByRole('button').click();
  await expect(page.getByRole('columnheader', { name: 'Code' })).toHaveAttribute('aria-sort', 'ascending');
  const codes = page.getByRole('row').filter({ hasText: 'Addressed' });
  await expect(codes.first()).toContainText('S811');
  await page.getByRole('columnheader', { name: 'Code' }).getByRole('button').click();
  await expect(codes.first()).toContainText('S812');
  await page.getByRole('button', { name: 'Clear', exact: true }).click();
  await expect(page).toHaveURL(/\/episodes\?sort=-code$/);
});

test('nothing found says so and offers the way back', async ({ visit }) => {
  const { page } = await visit(people.ada, { path: '/episodes?q=zzzzqqqq' });
  await expect(page.getByText('No episodes match')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page).toHaveURL(/\/episodes$/);
});

test('a status is changed from the list, shown at once and taken back when it fails', async ({
  visit,
  admin,
  expectConsole,
}) => {
  expectConsole(/status of 503/);
  const episode = await admin.create(unique('Inline status'));
  const { page } = await visit(people.ada);
  await live(page);
  const line = row(page, episode.id);
  await line.getByRole('button', { name: /Draft/ }).click();
  await page.getByRole('menuitem', { name: /Send to review/ }).click();
  await expect(line).toContainText('In review');
  await expect.poll(async () => (await admin.get(episode.id)).status).toBe('in_review');

  await page.route('**/status', async (route) => {
    await new Promise((done) => setTimeout(done, 400));
    await route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: '{"title":"Busy","status":503,"code":"UNAVAILABLE"}',
    });
  });
  await line.getByRole('button', { name: /In review/ }).click();
  await page.getByRole('menuitem', { name: /^Approve/ }).click();
  await expect(line).toContainText('Approved');
  await expect(line).toContainText('In review');
  await expect(page.getByText('The status could not be changed')).toBeVisible();
  await page.unroute('**/status');
  await page.getByRole('button', { name: 'Retry' }).click();
  await expect(line).toContainText('Approved');
});

test('delete, undo, the bin, restore, and deleting for good', async ({ visit, admin, expectConsole }) => {
  expectConsole(/status of 404/);
  const episode = await admin.create(unique('To the bin'));
  const { page } = await visit(people.ada, { path: `/episodes/${episode.id}` });
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Move to bin' }).click();
  await expect(page).toHaveURL(/\/episodes$/);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText(/restored/).first()).toBeVisible();
  await expect(row(page, episode.id)).toBeVisible();

  await admin.delete(episode.id);
  await page.getByRole('button', { name: 'Bin' }).click();
  await expect(page).toHaveURL(/deleted=true/);
  await row(page, episode.id).getByRole('button', { name: 'Restore' }).click();
  await expect(row(page, episode.id)).toHaveCount(0);
  await page.getByRole('button', { name: 'Bin' }).click();
  await expect(row(page, episode.id)).toBeVisible();

  await page.goto(`/episodes/${episode.id}`);
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Delete for good…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete this episode for good?' });
  await expect(dialog.getByRole('button', { name: 'Delete for good' })).toBeDisabled();
  await dialog.getByRole('textbox').fill(episode.title);
  await dialog.getByRole('button', { name: 'Delete for good' }).click();
  await expect(page).toHaveURL(/\/episodes$/);
  await page.goto(`/episodes/${episode.id}`);
  await expect(page.getByRole('heading', { name: 'This episode doesn’t exist' })).toBeVisible();
});

test('a new episode: the number is suggested, mistakes are told, the draft survives', async ({
  visit,
  admin,
  expectConsole,
}) => {
  expectConsole(/status of 409|status of 422/);
  const taken = await admin.create({ title: 'Takes the number', season_number: 821, episode_number: 1 });
  const { page } = await visit(people.ada);
  await live(page);
  await page.keyboard.press('c');
  const dialog = page.getByRole('dialog', { name: 'New episode' });
  await expect(dialog.getByLabel('Title')).toBeFocused();
  await dialog.getByLabel('Season').fill('821');
  await expect(dialog.getByLabel('Episode number')).toHaveValue('2');
  await page.keyboard.press('Control+Enter');
  await expect(dialog.getByText('Give the episode a title.')).toBeVisible();
  await dialog.getByLabel('Title').fill('Second of its season');
  await dialog.getByLabel('Episode number').fill('1');
  await dialog.getByLabel('Description').focus();
  await expect(dialog.getByText(`S821E01 is taken by “${taken.title}”.`)).toBeVisible();
  await page.keyboard.press('Control+Enter');
  await expect(dialog.getByLabel('Episode number')).toHaveAttribute('aria-invalid', 'true');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();

  await page.keyboard.press('c');
  await expect(dialog.getByLabel('Title')).toHaveValue('Second of its season');
  await dialog.getByLabel('Episode number').fill('2');
  await dialog.getByRole('combobox', { name: 'Categories' }).fill('fresh paint');
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('button', { name: 'Remove fresh paint' })).toBeVisible();
  await page.keyboard.press('Control+Enter');
  await expect(dialog).toBeHidden();
  await expect(page.getByText('“Second of its season” created')).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'Second of its season' })).toContainText('S821E02');
});
