import { unique } from './api.ts';
import { expect, live, people, test, type Page } from './test.ts';

/** A page that hears of nothing: only the server's refusal can tell it. */
async function deaf(page: Page): Promise<void> {
  await page.routeWebSocket(/socket\.io/, () => undefined);
  await page.route('**/socket.io/**', (route) => route.abort());
}

test('both changed the same field: the warning, and the values side by side', async ({
  visit,
  admin,
  bob,
}) => {
  const episode = await admin.create({ ...unique('Clash'), description: 'In the beginning' });
  const { page } = await visit(people.ada, { path: `/episodes/${episode.id}` });
  await live(page);
  await page.getByLabel('Description').fill('As Ada sees it');
  await bob.patch(episode.id, { description: 'As Bob sees it' });

  const warning = page.getByRole('alert').filter({ hasText: 'Bob Editor also changed description.' });
  await expect(warning).toBeVisible();
  await expect(page.getByLabel('Description')).toHaveValue('As Ada sees it');
  await warning.getByRole('button', { name: 'Compare' }).click();
  const dialog = page.getByRole('dialog', { name: 'Two versions of the same fields' });
  await expect(dialog.getByRole('radio', { name: /As Ada sees it/ })).toBeVisible();
  await dialog.getByRole('radio', { name: /As Bob sees it/ }).click();
  await dialog.getByRole('button', { name: 'Use these values' }).click();
  await expect(page.getByLabel('Description')).toHaveValue('As Bob sees it');
  await expect(warning).toBeHidden();
});

test('saving over a version not seen is refused and merged: nobody overwrites anybody', async ({
  visit,
  admin,
  bob,
  expectConsole,
}) => {
  expectConsole(/status of 412|WebSocket|ERR_FAILED/);
  const episode = await admin.create({ ...unique('Unseen'), description: 'In the beginning' });
  const { page, context } = await visit(people.ada, { path: '/settings' });
  const quiet = await context.newPage();
  await page.close();
  await deaf(quiet);
  await quiet.goto(`/episodes/${episode.id}`);
  await quiet.getByLabel('Title').fill('Title by Ada');
  await bob.patch(episode.id, { description: 'Text by Bob' });

  await quiet.keyboard.press('Control+s');
  await expect(quiet.getByText(/Merged Bob Editor’s change of description/)).toBeVisible();
  await expect(quiet.getByLabel('Description')).toHaveValue('Text by Bob');
  expect(await admin.get(episode.id)).toMatchObject({ title: 'Title by Ada', description: 'Text by Bob' });

  await quiet.getByLabel('Description').fill('Text by Ada');
  await bob.patch(episode.id, { description: 'Text by Bob, again' });
  await quiet.keyboard.press('Control+s');
  const dialog = quiet.getByRole('dialog', { name: 'Two versions of the same fields' });
  await expect(dialog).toBeVisible();
  expect((await admin.get(episode.id)).description).toBe('Text by Bob, again');
  await dialog.getByRole('button', { name: 'Keep all mine' }).click();
  await dialog.getByRole('button', { name: 'Use these values' }).click();
  await expect(dialog).toBeHidden();
  await quiet.keyboard.press('Control+s');
  await expect.poll(async () => (await admin.get(episode.id)).description).toBe('Text by Ada');
});

test('a move that is no longer allowed is taken back and explained', async ({
  visit,
  admin,
  bob,
  expectConsole,
}) => {
  expectConsole(/status of 409|WebSocket|ERR_FAILED/);
  const episode = await admin.create(unique('Bad move'));
  const { page, context } = await visit(people.ada, { path: '/settings' });
  const quiet = await context.newPage();
  await page.close();
  await deaf(quiet);
  await quiet.goto(`/episodes/${episode.id}`);
  await expect(quiet.getByRole('button', { name: /Draft/ })).toBeVisible();
  await bob.setStatus(episode.id, 'archived');
  await quiet.getByRole('button', { name: /Draft/ }).click();
  await quiet.getByRole('menuitem', { name: /Send to review/ }).click();
  await expect(quiet.getByText('The status could not be changed')).toBeVisible();
  await expect(quiet.getByText('From here it can become draft.')).toBeVisible();
  await expect(quiet.getByRole('button', { name: /Archived/ })).toBeVisible();
});

test('leaving with unsaved changes asks first', async ({ visit, admin }) => {
  const episode = await admin.create(unique('Unsaved'));
  const { page } = await visit(people.ada, { path: `/episodes/${episode.id}` });
  await page.getByLabel('Title').fill('Not saved');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Activity' }).click();
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByLabel('Title')).toHaveValue('Not saved');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Activity' }).click();
  await dialog.getByRole('button', { name: 'Leave' }).click();
  await expect(page).toHaveURL(/\/activity$/);
});
