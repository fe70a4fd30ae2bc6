import { unique } from './api.ts';
import { expect, live, people, row, test } from './test.ts';

test('a tour without a mouse', async ({ visit, admin }) => {
  const older = await admin.create(unique('Keys older'));
  const newer = await admin.create(unique('Keys newer'));
  const { page } = await visit(people.ada);
  await live(page);
  await expect(row(page, newer.id)).toBeVisible();

  // The list.
  await page.keyboard.press('j');
  await expect(row(page, newer.id)).toBeFocused();
  await page.keyboard.press('j');
  await expect(row(page, older.id)).toBeFocused();
  await page.keyboard.press('s');
  await expect(page.getByRole('menu', { name: 'Change status' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toHaveCount(0);
  await row(page, older.id).focus();
  await page.keyboard.press('k');
  await expect(row(page, newer.id)).toBeFocused();

  // Open, go to the neighbour, and back to where one was.
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(newer.id));
  await expect(page.getByRole('heading', { level: 1, name: newer.title })).toBeVisible();
  await page.keyboard.press(']');
  await expect(page).toHaveURL(new RegExp(older.id));
  await page.keyboard.press('[');
  await expect(page).toHaveURL(new RegExp(newer.id));
  await page.goBack();
  await page.goBack();
  await page.goBack();
  await expect(row(page, newer.id)).toBeFocused();

  // Search with a key, leave with a key.
  await page.keyboard.press('/');
  await expect(page.getByRole('textbox', { name: 'Search episodes' })).toBeFocused();
  await page.keyboard.type('Keys older');
  await expect(row(page, newer.id)).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(row(page, newer.id)).toBeVisible();
  await page.keyboard.press('Escape');

  // Pages and help.
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await expect(page).toHaveURL(/\/activity$/);
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(help.getByText('Search and commands')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(help).toBeHidden();

  // The palette finds the episode.
  await page.keyboard.press('Control+k');
  await page.keyboard.type(older.title);
  await expect(page.getByRole('option', { name: older.title })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(older.id));
  await page.keyboard.press('t');
  await expect(page.getByText(/^Theme: /)).toBeVisible();
});

test('letters typed into a field are letters', async ({ visit, admin }) => {
  const episode = await admin.create(unique('Letters'));
  const { page } = await visit(people.ada, { path: `/episodes/${episode.id}` });
  await page.getByLabel('Title').fill('');
  await page.keyboard.type('c?gets/');
  await expect(page.getByLabel('Title')).toHaveValue('c?gets/');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('single letters can be turned off', async ({ visit }) => {
  const { page } = await visit(people.ada, { path: '/settings' });
  await page.getByRole('switch', { name: 'Single-letter shortcuts' }).click();
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('c');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog')).toHaveCount(1);
});

test('the skip link leads to the content', async ({ visit }) => {
  const { page } = await visit(people.ada);
  await live(page);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#main')).toBeFocused();
});
