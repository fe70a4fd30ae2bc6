import { unique } from './api.ts';
import { expect, live, people, row, test } from './test.ts';

test('an edit by one shows in the list of the other, with who did it', async ({ visit, admin }) => {
  const episode = await admin.create(unique('Live edit'));
  const ada = await visit(people.ada, { path: `/episodes/${episode.id}` });
  const bob = await visit(people.bob);
  await live(bob.page);
  await live(ada.page);
  const line = row(bob.page, episode.id);
  await expect(line).toContainText(episode.title);

  await ada.page.getByLabel('Title').fill(`${episode.title}, renamed`);
  await ada.page.keyboard.press('Control+s');
  await expect(ada.page.getByText('Saved', { exact: true })).toBeVisible();

  await expect(line).toContainText(`${episode.title}, renamed`);
  await expect(line).toContainText('Admin');
  await expect(line).toHaveClass(/flash/);
});

test('a created episode appears in the other list, marked; a deleted one says by whom and leaves', async ({
  visit,
  bob,
}) => {
  const { page } = await visit(people.ada);
  await live(page);
  await page.mouse.move(0, 0); // not over the list: rows may move
  const total = page.getByTestId('total');
  const before = Number((await total.textContent())?.replaceAll(',', ''));

  const episode = await bob.create(unique('Brand new'));
  const line = row(page, episode.id);
  await expect(line).toContainText('created by Bob Editor');
  await expect(total).toHaveText(String(before + 1));

  await bob.delete(episode.id);
  await expect(line).toContainText('deleted by Bob Editor');
  await expect(line).toBeHidden();
  await expect(total).toHaveText(String(before));
});

test('rows do not move under the pointer: new ones wait behind a button', async ({ visit, bob }) => {
  const first = await bob.create(unique('Under the pointer'));
  const { page } = await visit(people.ada);
  await live(page);
  await row(page, first.id).hover();
  const episode = await bob.create(unique('Waits'));
  const more = page.getByRole('button', { name: '1 new episode' });
  await expect(more).toBeVisible();
  await expect(row(page, episode.id)).toHaveCount(0);
  await more.click();
  await expect(row(page, episode.id)).toBeVisible();
  await expect(more).toBeHidden();
});

test('a status change shows everywhere at once', async ({ visit, admin, bob }) => {
  const episode = await admin.create(unique('Status live'));
  const list = await visit(people.ada);
  const detail = await visit(people.ada, { path: `/episodes/${episode.id}` });
  await live(list.page);
  await live(detail.page);
  await bob.setStatus(episode.id, 'in_review');
  await expect(row(list.page, episode.id)).toContainText('In review');
  await expect(detail.page.getByRole('button', { name: /In review/ })).toBeVisible();
});

test('a field I have not touched follows the other; the history follows too', async ({
  visit,
  admin,
  bob,
}) => {
  const episode = await admin.create(unique('Follow'));
  const { page } = await visit(people.ada, { path: `/episodes/${episode.id}` });
  await live(page);
  await page.getByLabel('Title').fill('Mine, not saved');
  await bob.patch(episode.id, { description: 'Written by Bob' });
  await expect(page.getByLabel('Description')).toHaveValue('Written by Bob');
  await expect(page.getByLabel('Title')).toHaveValue('Mine, not saved');
  await page.keyboard.press('Control+s');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Mine, not saved');
  await page.getByRole('link', { name: 'History' }).click();
  await expect(page.getByText('version 3')).toBeVisible();
  await bob.patch(episode.id, { description: 'Written by Bob again' });
  await expect(page.getByText('version 4')).toBeVisible();
});

test('the activity feed grows while it is looked at', async ({ visit, bob }) => {
  const first = await bob.create(unique('Feed'));
  const { page } = await visit(people.ada, { path: '/activity' });
  await live(page);
  await expect(page.getByRole('link', { name: first.title }).first()).toBeVisible();
  const second = await bob.create(unique('Feed'));
  await expect(page.getByRole('link', { name: second.title }).first()).toBeVisible();
});

test('deleting under an open page makes it read-only and offers to restore', async ({
  visit,
  admin,
  bob,
}) => {
  const episode = await admin.create(unique('Deleted under me'));
  const { page } = await visit(people.ada, { path: `/episodes/${episode.id}` });
  await live(page);
  await page.getByLabel('Description').fill('Half a sentence');
  await bob.delete(episode.id);
  const notice = page.getByRole('alert').filter({ hasText: 'Deleted by Bob Editor' });
  await expect(notice).toBeVisible();
  await expect(page.getByLabel('Description')).toHaveAttribute('readonly', '');
  await notice.getByRole('button', { name: 'Restore' }).click();
  await expect(notice).toBeHidden();
  await expect(page.getByLabel('Description')).toHaveValue('Half a sentence');
  await expect(page.getByLabel('Description')).not.toHaveAttribute('readonly', '');
});
