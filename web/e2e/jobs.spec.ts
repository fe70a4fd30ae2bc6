import type { Locator } from '@playwright/test';
import type { JobStatus } from '../src/api/types.ts';
import { unique, type Api } from './api.ts';
import { accessible, expect, live, people, row, test, type Page } from './test.ts';

const slow = { timeout: 20_000 };

/** Waits until the server says that the job is there. */
const reached = (api: Api, id: string, status: JobStatus) =>
  expect.poll(async () => (await api.job(id)).status, slow).toBe(status);

const drawer = (page: Page) => page.getByRole('dialog').filter({ has: page.getByTestId('job-drawer') });
const jobsLink = (page: Page) =>
  page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /Jobs/ });
/** What a list says of a job's progress, in percent. */
const percent = async (of: Locator) =>
  Number(
    (await of
      .getByRole('progressbar')
      .getAttribute('aria-valuenow')
      .catch(() => null)) ?? 0,
  );

test('a job from its start through live progress to its end, in another browser', async ({
  visit,
  admin,
}) => {
  test.setTimeout(60_000);
  const bob = await visit(people.bob, { path: '/jobs' });
  const ada = await visit(people.ada, { path: '/jobs' });
  await live(bob.page);
  await live(ada.page);
  await bob.page.mouse.move(0, 0); // not over the list: rows may move

  await ada.page.getByRole('button', { name: 'Start a job' }).first().click();
  const dialog = ada.page.getByRole('dialog', { name: 'Start a job' });
  await dialog.getByLabel('What to do').selectOption('check');
  await dialog.getByLabel('Duration ms').fill('6000');
  await dialog.getByRole('button', { name: 'Start job' }).click();
  await expect(dialog).toBeHidden();
  const [job] = await admin.jobs('limit=1');
  const line = row(bob.page, job?.id ?? '');
  await expect(line).toContainText('Running', slow);
  await expect(line).toContainText('Admin');
  await expect(jobsLink(bob.page)).toContainText('running');
  await expect.poll(() => percent(line), slow).toBeGreaterThan(0);
  const before = await percent(line);
  await expect.poll(() => percent(line), slow).toBeGreaterThan(before);
  await expect(line).toContainText('Done', slow);
  await expect(line.getByRole('progressbar')).toHaveCount(0);

  await ada.page
    .getByRole('button', { name: 'Watch' })
    .click({ trial: true })
    .catch(() => undefined);
  await line.click();
  await expect(drawer(bob.page)).toContainText('"duration_ms": 6000');
  await expect(drawer(bob.page).getByRole('log')).toContainText('done', slow);
});

test('one that fails for good is a dead letter, first until seen, and can be retried', async ({
  visit,
  admin,
}) => {
  test.setTimeout(60_000);
  const { page } = await visit(people.ada, { path: '/jobs' });
  await live(page);
  await page.goto('/episodes'); // the visit is over: what failed so far has been seen
  await live(page);
  await expect(page.getByTestId('jobs-failed')).toHaveCount(0);

  const job = await admin.check({ fail_for_good: true });
  await expect(page.getByTestId('jobs-failed')).toBeVisible(slow);
  for (let n = 0; n < 3; n++) await admin.check();
  await page.mouse.move(0, 0);
  await page.keyboard.press('g');
  await page.keyboard.press('j');
  await expect(page).toHaveURL(/\/jobs$/);
  await expect(page.getByText('1 job failed since you last looked.')).toBeVisible();
  await expect(page.locator('[data-row]').first()).toHaveAttribute('data-row', job.id);
  await expect(row(page, job.id)).toContainText('Told to fail for good.');
  await expect(page.getByTestId('jobs-failed')).toHaveCount(0);
  await row(page, job.id).click();
  await page.keyboard.press('Escape');
  await expect(page.getByText(/failed since you last looked/)).toHaveCount(0);

  await page
    .getByRole('link', { name: /Dead letters/ })
    .first()
    .click();
  await expect(page).toHaveURL(/\/jobs\/dead$/);
  await row(page, job.id).click();
  await expect(page).toHaveURL(new RegExp(`/jobs/${job.id}\\?list=dead`));
  await expect(drawer(page).getByText('Attempt 1 failed')).toBeVisible();
  await drawer(page).getByRole('button', { name: 'Retry' }).click();
  await expect(drawer(page).getByText('1 ×')).toBeVisible();
  await expect(drawer(page)).toContainText('Failed', slow);
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/jobs\/dead$/);
});

test('dead letters are retried all at once, after saying how many', async ({ visit, admin }) => {
  const episode = await admin.create(unique('Dead letters'));
  const jobs = await Promise.all(
    [1, 2, 3].map(() => admin.check({ fail_for_good: true }, { episode_id: episode.id })),
  );
  for (const job of jobs) await reached(admin, job.id, 'failed');
  const { page } = await visit(people.bob, { path: `/jobs/dead?episode=${episode.id}` });
  await expect(page.locator('[data-row]')).toHaveCount(3);
  await page.getByRole('button', { name: 'Retry all that match' }).click();
  const dialog = page.getByRole('dialog', { name: 'Retry all dead letters that match?' });
  await expect(dialog).toContainText('3 jobs go back into their queues');
  await dialog.getByRole('button', { name: 'Retry all' }).click();
  await expect(page.getByText('3 jobs retried')).toBeVisible();
  for (const job of jobs) await expect.poll(async () => (await admin.job(job.id)).retries).toBe(1);
});

test('a running job is cancelled, and one that waits for its next attempt is hurried', async ({
  visit,
  admin,
}) => {
  test.setTimeout(60_000);
  const job = await admin.check({ duration_ms: 600_000 });
  const { page } = await visit(people.bob, { path: `/jobs/${job.id}` });
  await live(page);
  await expect(drawer(page).getByRole('progressbar')).toBeVisible(slow);
  await drawer(page).getByRole('button', { name: 'Cancel job' }).click();
  await expect(drawer(page).getByText('Cancelled', { exact: true })).toBeVisible(slow);
  await expect(drawer(page).getByText(/^Attempt 1 was cancelled/)).toBeVisible();
  await reached(admin, job.id, 'cancelled');

  const unlucky = await admin.check({ fail_attempts: 2 }, { run_at: '2100-01-01T00:00:00Z' });
  await page.goto(`/jobs/${unlucky.id}`);
  await live(page);
  await expect(drawer(page).getByText('Queued', { exact: true })).toBeVisible();
  await drawer(page).getByRole('button', { name: 'Run now' }).click();
  await expect(drawer(page).getByTestId('countdown')).toContainText(
    /Attempt [23] of 5: next try in \d+ s/,
    slow,
  );
  await expect(drawer(page).getByText('Done', { exact: true })).toBeVisible(slow);
  await expect(drawer(page).getByText('Attempt 2 failed')).toBeVisible();
  await expect(drawer(page).getByLabel('Result')).toContainText('"attempt": 3');
});

test('many at once: chosen with the keyboard, and told one by one what became of them', async ({
  visit,
  admin,
}) => {
  const episode = await admin.create(unique('Bulk'));
  const about = { episode_id: episode.id };
  const done = await admin.check({}, about);
  await reached(admin, done.id, 'completed');
  const first = await admin.check({ duration_ms: 600_000 }, about);
  const second = await admin.check({}, { ...about, run_at: '2100-01-01T00:00:00Z' });
  const { page } = await visit(people.bob, { path: `/jobs?episode=${episode.id}` });
  await live(page);
  await expect(page.locator('[data-row]')).toHaveCount(3);
  for (let n = 0; n < 3; n++) {
    await page.keyboard.press('j');
    await page.keyboard.press('x');
  }
  const bar = page.getByRole('toolbar', { name: 'Chosen jobs' });
  await expect(bar).toContainText('3 jobs chosen');
  await page.keyboard.press('Escape');
  await expect(bar).toHaveCount(0);
  await page.getByLabel('Select all that are loaded').check();
  await bar.getByRole('button', { name: 'Cancel jobs' }).click();
  const outcome = page.getByRole('dialog', { name: '2 jobs cancelled, 1 not' });
  await expect(outcome.getByRole('listitem').filter({ hasText: 'It is done.' })).toHaveCount(1);
  await accessible(page, 'outcome');
  await outcome.getByRole('button', { name: 'Close' }).last().click();
  await expect(row(page, first.id)).toContainText('Cancelled', slow);
  await expect(row(page, second.id)).toContainText('Cancelled', slow);
  // Back again, both of them.
  await row(page, first.id).getByRole('checkbox').check();
  await row(page, second.id).getByRole('checkbox').check();
  await bar.getByRole('button', { name: 'Retry' }).click();
  await expect(page.getByText('2 jobs retried')).toBeVisible();
  await admin.cancel(first.id);
});

test('the filters are in the address; opening a job keeps them', async ({ visit, admin }) => {
  const episode = await admin.create(unique('Filters of jobs'));
  const job = await admin.check({}, { episode_id: episode.id });
  await reached(admin, job.id, 'completed');
  const { page } = await visit(people.bob, { path: `/jobs?episode=${episode.id}` });
  await expect(row(page, job.id)).toBeVisible();
  const statuses = page.getByRole('group', { name: 'Status' });
  await statuses.getByRole('button', { name: 'Failed' }).click();
  await expect(page).toHaveURL(/status=failed/);
  await expect(page.getByText('No jobs match')).toBeVisible();
  await statuses.getByRole('button', { name: 'Done' }).click();
  await expect(page).toHaveURL(/status=completed(,|%2C)failed/);
  await expect(row(page, job.id)).toBeVisible();
  await page.getByRole('button', { name: 'Type' }).click();
  await page.getByRole('option', { name: 'check' }).click();
  await expect(page).toHaveURL(/type=check/);
  await page.reload();
  await expect(statuses.getByRole('button', { name: 'Failed' })).toHaveAttribute('aria-pressed', 'true');
  await expect(row(page, job.id)).toBeVisible();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/jobs/${job.id}\\?.*type=check`));
  await expect(drawer(page)).toBeVisible();
  await page.goBack();
  await expect(drawer(page)).toHaveCount(0);
  await expect(page).toHaveURL(/\/jobs\?.*type=check/);
  await page.getByRole('button', { name: 'Clear', exact: true }).click();
  await expect(page).toHaveURL(/\/jobs$/);
});

test('a list of one status follows what happens', async ({ visit, admin }) => {
  test.setTimeout(60_000);
  const episode = await admin.create(unique('Follows'));
  const { page } = await visit(people.bob, { path: `/jobs?status=processing&episode=${episode.id}` });
  await live(page);
  await page.mouse.move(0, 0);
  await expect(page.getByText('No jobs match')).toBeVisible();
  const job = await admin.check({ duration_ms: 600_000 }, { episode_id: episode.id });
  await expect(row(page, job.id)).toContainText('Running', slow);
  await admin.cancel(job.id);
  await expect(row(page, job.id)).toHaveCount(0, slow);
});

test('a viewer sees everything and can act on nothing', async ({ visit, admin }) => {
  const episode = await admin.create(unique('Look at jobs'));
  const job = await admin.check({ fail_for_good: true }, { episode_id: episode.id });
  await reached(admin, job.id, 'failed');
  const { page } = await visit(people.vera, { path: `/jobs?episode=${episode.id}` });
  await expect(row(page, job.id)).toContainText('Told to fail for good.');
  await expect(page.getByRole('checkbox')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Start a job' })).toHaveCount(0);
  await row(page, job.id).click();
  await expect(drawer(page).getByRole('button', { name: 'Copy id' })).toBeVisible();
  await expect(drawer(page).getByRole('button', { name: /Retry|Cancel/ })).toHaveCount(0);
  await page.goto('/jobs/dead');
  await expect(row(page, job.id)).toBeVisible();
  await expect(page.getByRole('button', { name: /Retry/ })).toHaveCount(0);
  await page.goto('/jobs/queues');
  await expect(page.getByText('Administrators can pause queues')).toBeVisible();
  await expect(page.getByRole('button', { name: /Pause|Limits/ })).toHaveCount(0);
  await page.goto('/jobs/schedules');
  await expect(page.getByRole('button', { name: 'New schedule' })).toHaveCount(0);
  await page.goto(`/episodes/${episode.id}/jobs`);
  await expect(row(page, job.id)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Start a job' })).toHaveCount(0);
});

test('an episode shows its jobs, live, and starts one; what is wrong is said at the field', async ({
  visit,
  admin,
  expectConsole,
}) => {
  test.setTimeout(60_000);
  expectConsole(/status of 422/);
  const episode = await admin.create(unique('With jobs'));
  const { page } = await visit(people.bob, { path: `/episodes/${episode.id}` });
  await live(page);
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Jobs' }).click();
  await expect(page.getByText('No jobs about this episode')).toBeVisible();
  await page.getByRole('button', { name: 'Start a job' }).click();
  const dialog = page.getByRole('dialog', { name: 'Start a job' });
  await expect(dialog).toContainText(episode.title);
  await dialog.getByLabel('What to do').selectOption('check');
  await dialog.getByLabel('Duration ms').fill('soon');
  await page.keyboard.press('Control+Enter');
  await expect(dialog.getByText('This is not a number.')).toBeVisible();
  await expect(dialog.getByLabel('Duration ms')).toBeFocused();

  // What only the server knows to be wrong.
  await page.route('**/api/v1/jobs', (route) =>
    route.fulfill({
      status: 422,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        title: 'Invalid',
        status: 422,
        code: 'VALIDATION',
        errors: [{ field: 'duration_ms', code: 'RANGE', message: 'is more than the machine can bear' }],
      }),
    }),
  );
  await dialog.getByLabel('Duration ms').fill('4000');
  await dialog.getByRole('button', { name: 'Start job' }).click();
  await expect(dialog.getByText('is more than the machine can bear')).toBeVisible();
  await expect(dialog.getByLabel('Duration ms')).toHaveAttribute('aria-invalid', 'true');
  await page.unroute('**/api/v1/jobs');
  await dialog.getByRole('button', { name: 'More' }).click();
  await dialog.getByLabel('Priority').selectOption('2');
  await dialog.getByRole('button', { name: 'Start job' }).click();
  await expect(dialog).toBeHidden();
  const line = page.getByRole('listitem').filter({ hasText: 'check' });
  await expect(line).toContainText('Running', slow);
  await expect(line).toContainText('Done', slow);
  const [job] = await admin.jobs(`episode_id=${episode.id}`);
  expect(job).toMatchObject({ priority: 2, args: { duration_ms: 4000 } });

  const other = await admin.check({}, { episode_id: episode.id });
  await expect(page.getByRole('listitem').filter({ hasText: 'check' })).toHaveCount(2, slow);
  await row(page, other.id).click();
  await expect(page).toHaveURL(new RegExp(other.id));
  await expect(drawer(page)).toBeVisible();
});

test('schedules: made, paused, changed, deleted by an administrator', async ({ visit }) => {
  const { page } = await visit(people.ada, { path: '/jobs/schedules' });
  await live(page);
  await page.getByRole('button', { name: 'New schedule' }).click();
  const dialog = page.getByRole('dialog', { name: 'New schedule' });
  await dialog.getByLabel('Name').fill('Nightly check');
  await dialog.getByLabel('When').fill('0 25 * * *');
  await dialog.getByRole('button', { name: 'Create schedule' }).click();
  await expect(dialog.getByText('“25” is no hour.')).toBeVisible();
  await dialog.getByRole('button', { name: 'every day at 06:00' }).click();
  await expect(dialog.getByText(/Next, in your time: /)).toBeVisible();
  await dialog.getByLabel('What to do').selectOption('check');
  await dialog.getByLabel('Duration ms').fill('10');
  await dialog.getByRole('button', { name: 'Create schedule' }).click();
  await expect(dialog).toBeHidden();
  const line = page.getByRole('listitem').filter({ hasText: 'Nightly check' });
  await expect(line).toContainText('0 6 * * *');
  await expect(line).toContainText(/in \d+ (h|min|s)/);
  await line.getByRole('button', { name: 'Pause Nightly check' }).click();
  await expect(line.getByText('Paused').first()).toBeVisible();
  await line.getByRole('button', { name: 'Change Nightly check' }).click();
  const change = page.getByRole('dialog', { name: 'Change the schedule' });
  await expect(change.getByLabel('Duration ms')).toHaveValue('10');
  await change.getByLabel('When').fill('30 7 * * mon-fri');
  await change.getByRole('button', { name: 'Save' }).click();
  await expect(line).toContainText('30 7 * * mon-fri');
  await line.getByRole('button', { name: 'Delete Nightly check' }).click();
  await page
    .getByRole('dialog', { name: 'Delete this schedule?' })
    .getByRole('button', { name: 'Delete' })
    .click();
  await expect(line).toHaveCount(0);
});

test('a queue is paused and goes on, and gets a limit', async ({ visit, admin }) => {
  test.setTimeout(60_000);
  const { page } = await visit(people.ada, { path: '/jobs/queues' });
  await live(page);
  const queue = page.locator('[data-queue="default"]');
  await queue.getByRole('button', { name: 'Pause default' }).click();
  await expect(queue.getByText('Paused')).toBeVisible();
  const job = await admin.check();
  await queue.getByRole('button', { name: 'Resume default' }).click();
  await expect(queue.getByText('Paused')).toHaveCount(0);
  await reached(admin, job.id, 'completed');
  await queue.getByRole('button', { name: 'Limits of default' }).click();
  const dialog = page.getByRole('dialog', { name: 'Limits of default' });
  await dialog.getByLabel('At once', { exact: true }).fill('none');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByText('A whole number from 1 to 100,000, or nothing.')).toBeVisible();
  await dialog.getByLabel('At once', { exact: true }).fill('50');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await expect(queue).toContainText('50');
});

test('workers are shown, and jobs that nobody takes are told of', async ({ visit, admin }) => {
  test.setTimeout(60_000);
  const job = await admin.call<{ id: string }>('POST', '/jobs', { type: 'render.still' });
  const { page } = await visit(people.bob, { path: '/jobs' });
  await expect(page.locator('[data-worker="server"]')).toContainText('/10');
  const warning = page.getByRole('alert').filter({ hasText: 'no worker takes them' });
  await expect(warning).toContainText('render.still', slow);
  await admin.cancel(job.id);
  await expect(warning).toHaveCount(0, slow);
});

test('the log follows, stands still while somebody reads, and goes on at the end', async ({
  visit,
  admin,
}) => {
  test.setTimeout(60_000);
  const job = await admin.check({ duration_ms: 600_000 });
  await reached(admin, job.id, 'processing');
  const { page, context } = await visit(people.bob, { path: '/settings' });
  let written = 100;
  const line = (seq: number) => ({
    seq,
    attempt: 1,
    created_at: new Date(1_800_000_000_000 + seq * 1_000).toISOString(),
    level: seq % 50 === 25 ? 'warning' : 'info',
    text: `line ${seq}`,
  });
  await context.route(`**/api/v1/jobs/${job.id}/log*`, (route) => {
    const after = Number(new URL(route.request().url()).searchParams.get('after') ?? 0);
    const data = Array.from({ length: written - after }, (_, n) => line(after + n + 1));
    return route.fulfill({ json: { data } });
  });
  await page.goto(`/jobs/${job.id}`);
  const log = drawer(page).getByRole('log');
  await expect(log.getByText('line 100', { exact: true })).toBeInViewport();
  written = 120;
  await expect(log.getByText('line 120', { exact: true })).toBeInViewport(slow);

  await log.evaluate((box) => box.scrollTo({ top: 0 }));
  await expect(log).toHaveAttribute('data-following', 'false');
  written = 150;
  const more = drawer(page).getByRole('button', { name: '30 new lines' });
  await expect(more).toBeVisible(slow);
  await expect(log.getByText('line 1', { exact: true })).toBeInViewport();
  await more.click();
  await expect(log.getByText('line 150', { exact: true })).toBeInViewport();
  written = 160;
  await expect(log.getByText('line 160', { exact: true })).toBeInViewport(slow);
  await context.unroute(`**/api/v1/jobs/${job.id}/log*`);
  await admin.cancel(job.id);
});

test('files that a job made can be downloaded', async ({ visit, admin }) => {
  // The type is of no handler; nobody takes the job, and the server's answer is ours.
  const job = await admin.call<{ id: string }>('POST', '/jobs', { type: 'render.sheet' });
  const { page, context } = await visit(people.bob, { path: '/settings' });
  const file = { id: 'f1', role: 'output', name: 'sheet.csv', media_type: 'text/csv', bytes: 1_200 };
  await context.route(`**/api/v1/jobs/${job.id}/files`, (route) => route.fulfill({ json: { data: [file] } }));
  await context.route(`**/api/v1/jobs/${job.id}/files/f1`, (route) =>
    route.fulfill({ contentType: 'text/csv', body: 'a,b' }),
  );
  await page.goto(`/jobs/${job.id}`);
  await expect(drawer(page)).toContainText('sheet.csv');
  await expect(drawer(page)).toContainText('1.2 kB');
  const saving = page.waitForEvent('download');
  await drawer(page).getByRole('button', { name: 'Download sheet.csv' }).click();
  expect((await saving).suggestedFilename()).toBe('sheet.csv');
  await admin.cancel(job.id);
});

test('a job that is not there, and going from one to the next', async ({ visit, admin, expectConsole }) => {
  expectConsole(/status of 404/);
  const episode = await admin.create(unique('Neighbours'));
  const older = await admin.check({}, { episode_id: episode.id });
  const newer = await admin.check({}, { episode_id: episode.id });
  const { page } = await visit(people.bob, { path: `/jobs?episode=${episode.id}` });
  await row(page, newer.id).click();
  await expect(drawer(page)).toContainText(newer.id);
  await page.keyboard.press('j');
  await expect(drawer(page)).toContainText(older.id);
  await page.keyboard.press('k');
  await expect(drawer(page)).toContainText(newer.id);
  await page.keyboard.press('j');
  await page.keyboard.press('Escape');
  await expect(row(page, older.id)).toBeFocused();
  await page.goto('/jobs/00000000-0000-4000-8000-000000000000');
  await expect(drawer(page).getByText('There is no such job').first()).toBeVisible();
});
