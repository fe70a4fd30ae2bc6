import { unique } from './api.ts';
import { expect, people, row, test } from './test.ts';

test('a viewer sees everything and can change nothing', async ({ visit, admin }) => {
  const episode = await admin.create(unique('Look, do not touch'));
  const { page } = await visit(people.vera);
  const line = row(page, episode.id);
  await expect(line).toBeVisible();
  await expect(page.getByRole('button', { name: 'New episode' })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Import' })).toHaveCount(0);
  await expect(line.getByRole('button')).toHaveCount(0);
  await page.keyboard.press('c');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await page.goto(`/episodes/${episode.id}`);
  await expect(page.getByLabel('Title')).toHaveAttribute('readonly', '');
  await expect(page.getByRole('button', { name: /change status/ })).toHaveCount(0);
  await page.getByRole('button', { name: 'More actions' }).click();
  await expect(page.getByRole('menuitem', { name: /bin|Delete/ })).toHaveCount(0);
  await page.keyboard.press('Escape');

  await page.goto('/episodes/import');
  await expect(page.getByRole('heading', { name: 'You don’t have access to this' })).toBeVisible();
});

test('an editor may delete, but not for good', async ({ visit, admin }) => {
  const episode = await admin.create(unique('Editor deletes'));
  const { page } = await visit(people.bob, { path: `/episodes/${episode.id}` });
  await page.getByRole('button', { name: 'More actions' }).click();
  await expect(page.getByRole('menuitem', { name: 'Move to bin' })).toBeVisible();
  await expect(page.getByRole('menuitem', { name: /for good/ })).toHaveCount(0);
});

test('addresses and devices are for administrators', async ({ visit, admin, bob }) => {
  const episode = await admin.create(unique('Traces'));
  await bob.patch(episode.id, { description: 'A trace' });
  const seen = await visit(people.ada, { path: `/episodes/${episode.id}/activity` });
  await seen.page.getByRole('button', { name: 'Show the details' }).first().click();
  await expect(seen.page.getByText('127.0.0.1')).toBeVisible();
  const hidden = await visit(people.vera, { path: `/episodes/${episode.id}/activity` });
  await hidden.page.getByRole('button', { name: 'Show the details' }).first().click();
  await expect(hidden.page.getByText('A trace')).toBeVisible();
  await expect(hidden.page.getByText('127.0.0.1')).toHaveCount(0);
});
