import type { Episode } from '../src/api/types.ts';
import { unique, type Api } from './api.ts';
import { accessible, expect, live, people, row, test, type Page } from './test.ts';

const sizes = [
  { name: 'wide', options: { viewport: { width: 1440, height: 900 } } },
  { name: 'phone', options: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } },
] as const;

async function jobScreens(page: Page, admin: Api, episode: Episode, check: (what: string) => Promise<void>) {
  const about = { episode_id: episode.id };
  const failed = await admin.check({ fail_for_good: true }, about);
  await expect.poll(async () => (await admin.job(failed.id)).status).toBe('failed');
  await admin.check({ fail_attempts: 3 }, about);
  const running = await admin.check({ duration_ms: 600_000 }, about);
  await page.goto(`/jobs?episode=${episode.id}`);
  await expect(row(page, running.id).getByRole('progressbar')).toBeVisible();
  await expect(page.getByText('failed since you last looked')).toBeVisible();
  await check('jobs');
  await row(page, running.id).getByRole('checkbox').check();
  await expect(page.getByRole('toolbar', { name: 'Chosen jobs' })).toBeVisible();
  await accessible(page, 'chosen jobs');
  for (const job of [running, failed]) {
    await page.goto(`/jobs/${job.id}`);
    await expect(page.getByTestId('job-drawer').getByText(job.id)).toBeVisible();
    await expect(
      page
        .getByRole('dialog')
        .getByText(/Running|Failed/)
        .first(),
    ).toBeVisible();
    await accessible(page, 'a job');
  }
  await admin.cancel(running.id);
  await page.goto('/jobs/dead');
  await expect(row(page, failed.id)).toBeVisible();
  await check('dead letters');
  await page.goto('/jobs?type=nothing');
  await expect(page.getByText('No jobs match')).toBeVisible();
  await check('no jobs');
  await page.goto('/jobs/queues');
  await expect(page.getByRole('button', { name: 'Limits of default' })).toBeVisible();
  await check('queues');
  await page.getByRole('button', { name: 'Limits of default' }).click();
  await expect(page.getByRole('dialog', { name: 'Limits of default' })).toBeVisible();
  await accessible(page, 'limits');
  const schedule = await admin.call<{ id: string }>('POST', '/jobs/schedules', {
    name: unique('Screens').title,
    cron: '0 6 * * *',
    type: 'check',
  });
  await page.goto('/jobs/schedules');
  await expect(page.getByText('0 6 * * *')).toBeVisible();
  await check('schedules');
  await page.getByRole('button', { name: 'New schedule' }).click();
  await expect(page.getByRole('dialog', { name: 'New schedule' })).toBeVisible();
  await accessible(page, 'new schedule');
  await admin.call('DELETE', `/jobs/schedules/${schedule.id}`);
  await page.goto(`/episodes/${episode.id}/jobs`);
  await expect(row(page, failed.id)).toBeVisible();
  await check('jobs of an episode');
  await page.getByRole('button', { name: 'Start a job' }).click();
  await expect(page.getByRole('dialog', { name: 'Start a job' })).toBeVisible();
  await page.getByRole('dialog').getByRole('button', { name: 'More' }).click();
  await accessible(page, 'start a job');
}

for (const { name, options } of sizes)
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`every screen is accessible and fits: ${name}, ${colorScheme}`, async ({ visit, admin, bob }) => {
      test.setTimeout(240_000);
      const episode = await admin.create({
        ...unique('Screens'),
        categories: ['tree', 'lake'],
        description: 'First',
      });
      await bob.patch(episode.id, { description: 'Second', categories: ['lake', 'cabin'] });
      await bob.setStatus(episode.id, 'in_review');
      const stranger = await visit(undefined, { ...options, colorScheme });
      await expect(stranger.page.getByRole('heading', { level: 1 })).toBeVisible();
      await accessible(stranger.page, 'login');

      const { page } = await visit(people.ada, { ...options, colorScheme });
      const check = async (what: string) => {
        await accessible(page, what);
        const wider = () =>
          page.evaluate(() => {
            const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) return [];
            return [...document.querySelectorAll('body *')]
              .filter((element) => element.getBoundingClientRect().right > width)
              .map((element) => element.outerHTML.slice(0, 200));
          });
        await expect.poll(wider, `${what} scrolls sideways`).toEqual([]);
        expect(await page.getByRole('heading', { level: 1 }).count(), `headings of ${what}`).toBe(1);
      };
      await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme);
      await expect(row(page, episode.id)).toBeVisible();
      await check('episodes');
      await page.getByRole('button', { name: 'New episode' }).click();
      await expect(page.getByRole('dialog', { name: 'New episode' })).toBeVisible();
      await accessible(page, 'create');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+k');
      await expect(page.getByRole('dialog').getByRole('option').first()).toBeVisible();
      await accessible(page, 'palette');
      await page.keyboard.press('Escape');
      if (name === 'phone') {
        await page.getByRole('button', { name: /Filters/ }).click();
        await expect(page.getByRole('dialog', { name: 'Filter and sort' })).toBeVisible();
        await accessible(page, 'filters');
        await page.keyboard.press('Escape');
      } else {
        await page.getByRole('button', { name: 'Season' }).click();
        await expect(page.getByRole('option').first()).toBeVisible();
        await accessible(page, 'filter menu');
        await page.keyboard.press('Escape');
        await row(page, episode.id).getByRole('button').click();
        await expect(page.getByRole('menu')).toBeVisible();
        await accessible(page, 'status menu');
        await page.keyboard.press('Escape');
      }
      await page.goto('/episodes?q=zzzzqqqq');
      await expect(page.getByText('No episodes match')).toBeVisible();
      await check('no episodes');
      await page.goto('/episodes?deleted=true');
      await expect(page.getByRole('heading', { level: 1, name: 'Bin' })).toBeVisible();
      await check('bin');

      await page.goto(`/episodes/${episode.id}`);
      await expect(page.getByLabel('Title')).toHaveValue(episode.title);
      await check('overview');
      await page.getByLabel('Description').fill('Mine');
      await live(page);
      await bob.patch(episode.id, { description: 'Third' });
      await page.getByRole('button', { name: 'Compare' }).click();
      await expect(page.getByRole('dialog', { name: 'Two versions of the same fields' })).toBeVisible();
      await accessible(page, 'compare');
      await page.getByRole('button', { name: 'Take all theirs' }).click();
      await page.getByRole('button', { name: 'Use these values' }).click();
      await page.goto(`/episodes/${episode.id}/history`);
      await expect(page.getByText('version 1')).toBeVisible();
      await check('history');
      await page.goto(`/episodes/${episode.id}/activity`);
      await page.getByRole('button', { name: 'Show the details' }).first().click();
      await check('activity of an episode');
      await jobScreens(page, admin, episode, check);
      await page.goto('/activity');
      await page.getByRole('button', { name: 'Show the details' }).first().click();
      await check('activity');
      await page.goto('/episodes/import');
      await expect(page.getByRole('button', { name: 'Choose a file' })).toBeVisible();
      await check('import');
      const file = {
        name: 'a.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from('season_number,episode_number,title\n841,1,One\n841,x,Two\n'),
      };
      await page.getByLabel('File to import').setInputFiles(file);
      await expect(page.getByRole('table')).toBeVisible();
      await check('checked import');
      await page.goto('/settings');
      await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
      await check('settings');
      await page.goto('/nowhere');
      await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
      await check('not found');
    });
  }

test('on a phone: cards, a bar below, filters in a sheet, targets big enough', async ({ visit, admin }) => {
  const episode = await admin.create(unique('On a phone', 851));
  const { page } = await visit(people.ada, {
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
  });
  const bar = page.getByRole('navigation', { name: 'Main' });
  await expect(bar.getByRole('link', { name: 'Activity' })).toBeVisible();
  await expect(row(page, episode.id)).toHaveCSS('height', '64px');
  await page.getByRole('button', { name: /Filters/ }).tap();
  const sheet = page.getByRole('dialog', { name: 'Filter and sort' });
  await sheet.getByRole('button', { name: /Archived/ }).tap();
  await expect(page).toHaveURL(/status=archived/);
  await sheet.getByRole('button', { name: 'Clear all' }).tap();
  await sheet.getByRole('button', { name: /^Show/ }).last().tap();
  await row(page, episode.id).tap();
  await expect(page.getByRole('heading', { level: 1, name: episode.title })).toBeVisible();
  const small = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('main button, nav button, nav a')]
      .filter((each) => each.offsetParent !== null && each.getBoundingClientRect().height < 24)
      .map((each) => each.outerHTML.slice(0, 120)),
  );
  expect(small).toEqual([]);
  await bar.getByRole('link', { name: 'Settings' }).tap();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
});

test('with reduced motion nothing moves, and a change still shows', async ({ visit, admin, bob }) => {
  const episode = await admin.create(unique('Calm'));
  const { page } = await visit(people.ada, { reducedMotion: 'reduce' });
  await live(page);
  await bob.patch(episode.id, { title: `${episode.title}, changed` });
  await expect(row(page, episode.id)).toHaveClass(/flash/);
  await expect(row(page, episode.id)).toHaveCSS('animation-name', 'none');
});

test('the policy of the page: nothing from elsewhere, nothing inline', async ({ server }) => {
  const response = await fetch(server.url);
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  const missing = await fetch(`${server.url}/assets/gone-12345678.js`);
  expect(missing.status).toBe(404);
});
