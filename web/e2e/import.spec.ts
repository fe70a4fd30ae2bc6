import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, live, people, test } from './test.ts';

const catalogue =
  process.env.SHOWRUNNER_DEMO_CSV ?? resolve(import.meta.dirname, '../../demo/joy-of-painting-episodes.csv');

test('a whole catalogue: checked first, then imported, then there', async ({ visit }) => {
  expect(existsSync(catalogue), catalogue).toBe(true);
  const watcher = await visit(people.bob);
  await live(watcher.page);
  const { page } = await visit(people.ada, { path: '/episodes/import' });
  await live(page);
  await page.getByLabel('File to import').setInputFiles(catalogue);
  await expect(page.getByText('403 rows')).toBeVisible();
  await expect(page.getByText('The Joy of Painting')).toBeVisible();
  const start = page.getByRole('button', { name: 'Import 403 episodes' });
  await start.click();
  await expect(page.getByText('403 episodes imported')).toBeVisible({ timeout: 20_000 });
  await page.getByRole('link', { name: 'Show the episodes' }).click();

  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.getByRole('option', { name: /The Joy of Painting/ }).click();
  await expect(page.getByTestId('total')).toHaveText('403');
  await page.getByRole('button', { name: 'Season' }).click();
  await expect(page.getByRole('option')).toHaveCount(31);
  await page.keyboard.press('Escape');
  await page.getByRole('columnheader', { name: 'Code' }).getByRole('button').click();
  await expect(page.getByText('A Walk In The Woods')).toBeVisible();

  // To the far end: pages are fetched on the way.
  await page.getByRole('gridcell').first().click({ trial: true });
  await expect(async () => {
    await page
      .getByText('A Walk In The Woods')
      .hover({ timeout: 200 })
      .catch(() => undefined);
    await page.mouse.wheel(0, 20_000);
    await expect(page.getByText('Wilderness Day')).toBeVisible({ timeout: 300 });
  }).toPass();
  await expect(watcher.page.getByTestId('total')).not.toHaveText('0');

  // The same file again: nothing to do.
  await page.goto('/episodes/import');
  await page.getByLabel('File to import').setInputFiles(catalogue);
  await expect(page.getByRole('button', { name: 'Nothing to import' })).toBeDisabled();
});

test('rows with errors are shown one by one, and left out', async ({ visit }) => {
  const { page } = await visit(people.ada, { path: '/episodes/import' });
  const rows = [
    'season_number,episode_number,title',
    '831,1,Good one',
    '831,not a number,Bad number',
    '831,3,',
    '831,4,Another good one',
  ];
  await page
    .getByLabel('File to import')
    .setInputFiles({ name: 'mixed.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) });
  await expect(page.getByRole('heading', { name: /2 rows with errors/ })).toBeVisible();
  await expect(page.getByRole('cell', { name: 'episode_number' })).toBeVisible();
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download as CSV' }).click();
  expect((await downloading).suggestedFilename()).toBe('import-errors.csv');
  await page.getByRole('button', { name: 'Import 2 episodes' }).click();
  await expect(page.getByText('2 episodes imported')).toBeVisible();
});

test('another kind of file is refused at once', async ({ visit }) => {
  const { page } = await visit(people.ada, { path: '/episodes/import' });
  await page
    .getByLabel('File to import')
    .setInputFiles({ name: 'a.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF') });
  await expect(page.getByText('Only CSV and NDJSON files can be imported.')).toBeVisible();
});
