import type { CDPSession } from '@playwright/test';
import type { Episode, FileRecord } from '../src/api/types.ts';
import { Api, unique } from './api.ts';
import { hasFfmpeg, Media } from './media.ts';
import { accessible, expect, live, people, test, TestServer, type Page } from './test.ts';

test.skip(!hasFfmpeg, 'ffmpeg is not installed: there is no media to upload');

const noise = /WebSocket|ERR_|status of (4|5)\d\d|Failed to load resource/;
const media = new Media();
test.afterAll(() => media.dispose());

const input = (page: Page) => page.getByTestId('file-input');
const upload = (page: Page, name: string) => page.locator(`[data-upload="${name}"]`);
const list = (page: Page) => page.getByRole('list', { name: 'Files of the episode' });
const fileRow = (page: Page, name: string) => list(page).locator('li', { hasText: name });
const path = (episode: Episode) => `/episodes/${episode.id}/files`;
const text = (name: string, body: string | Buffer) => ({
  name,
  mimeType: 'text/plain',
  buffer: Buffer.from(body),
});
const filesOf = (api: Api, episode: Episode) =>
  api.call<FileRecord[]>('GET', `/episodes/${episode.id}/files`);

async function put(api: Api, server: TestServer, episode: Episode, name: string, bytes: Buffer) {
  const { file } = await api.call<{ file: FileRecord }>('POST', '/files', {
    episode_id: episode.id,
    name,
    bytes: bytes.length,
  });
  return api.send(`${server.url}/api/v1/files/${file.id}/content`, bytes).then(() => file);
}

/** As slow as a poor connection, so that there is a middle; 0 bytes a second is none at all. */
async function throttle(cdp: CDPSession, bytesPerSecond: number): Promise<void> {
  await cdp.send('Network.emulateNetworkConditions', {
    offline: bytesPerSecond === 0,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: bytesPerSecond || -1,
  });
}

async function progress(page: Page, name: string): Promise<number> {
  const bar = upload(page, name).getByRole('progressbar');
  return Number((await bar.getAttribute('aria-valuenow', { timeout: 1_000 }).catch(() => null)) ?? 0);
}

test('an image and a film, while connection and server are lost, arrive as they were', async ({
  visit,
  expectConsole,
}) => {
  test.setTimeout(180_000);
  expectConsole(noise);
  const server = new TestServer();
  await server.start();
  try {
    const admin = await Api.signIn(server.url, people.ada);
    const episode = await admin.create(unique('Upload'));
    const { page, context } = await visit(people.ada, { at: server, path: path(episode) });
    await live(page);
    const cdp = await context.newCDPSession(page);
    const announced: string[] = [];
    const offsets: number[] = [];
    page.on('response', (response) => {
      const method = response.request().method();
      if (method === 'POST' && response.url().endsWith('/api/v1/files')) announced.push(response.url());
      const offset = response.headers()['upload-offset'];
      if (method === 'HEAD' && offset) offsets.push(Number(offset));
    });

    await input(page).setInputFiles(media.path('still.png'));
    await expect(fileRow(page, 'still.png')).toBeVisible();

    await throttle(cdp, 4e6);
    await input(page).setInputFiles(media.path('film.mp4'));
    await expect(upload(page, 'film.mp4')).toContainText(/MB\/s/);
    await expect.poll(() => progress(page, 'film.mp4')).toBeGreaterThan(15);

    await throttle(cdp, 0);
    await expect(upload(page, 'film.mp4')).toContainText('The server can’t be reached. Trying again');
    await throttle(cdp, 4e6);
    await expect(upload(page, 'film.mp4')).toContainText(/MB\/s/);
    await expect.poll(() => progress(page, 'film.mp4'), { timeout: 20_000 }).toBeGreaterThan(40);

    await server.stop('SIGKILL');
    await expect(upload(page, 'film.mp4')).toContainText('Trying again');
    await server.start();
    await throttle(cdp, -1);
    await expect(fileRow(page, 'film.mp4')).toContainText('Verified', { timeout: 90_000 });
    await expect(upload(page, 'film.mp4')).toContainText('Uploaded');
    await expect(fileRow(page, 'still.png')).toContainText('Verified');

    expect(announced, 'one record for each file').toHaveLength(2);
    expect(Math.max(...offsets), 'it went on, and did not begin again').toBeGreaterThan(0);
    const after = await Api.signIn(server.url, people.ada);
    const files = await filesOf(after, episode);
    expect(files.map(({ name, state, sha256 }) => [name, state, sha256])).toEqual([
      ['film.mp4', 'ready', media.sha256('film.mp4')],
      ['still.png', 'ready', media.sha256('still.png')],
    ]);
  } finally {
    await server.dispose();
  }
});

test('somebody else sees the file and its picture arrive', async ({ visit, admin }) => {
  const episode = await admin.create(unique('Watched'));
  const watcher = await visit(people.vera, { path: path(episode) });
  await expect(watcher.page.getByText('No files yet')).toBeVisible();
  await live(watcher.page);
  const { page } = await visit(people.bob, { path: path(episode) });
  await input(page).setInputFiles([media.path('still.png'), media.path('tone.wav')]);
  await expect(fileRow(watcher.page, 'still.png')).toContainText('Bob Editor');
  await expect(fileRow(watcher.page, 'still.png').locator('[data-thumbnail]')).toBeVisible({
    timeout: 20_000,
  });
  await expect(fileRow(watcher.page, 'still.png')).toContainText('1280×720');
  await expect(fileRow(watcher.page, 'tone.wav')).toContainText('0:03');

  await expect(watcher.page.getByRole('button', { name: 'Upload files' })).toHaveCount(0);
  await watcher.page.getByRole('button', { name: 'Actions on still.png' }).click();
  await expect(watcher.page.getByRole('menuitem', { name: 'Download' })).toBeVisible();
  await expect(watcher.page.getByRole('menuitem', { name: 'Delete' })).toHaveCount(0);
  await watcher.page.keyboard.press('Escape');
  await watcher.page.getByRole('button', { name: 'Audio', exact: true }).click();
  await expect(fileRow(watcher.page, 'still.png')).toHaveCount(0);
  await expect(fileRow(watcher.page, 'tone.wav')).toBeVisible();
});

test('an upload is paused, gone on with elsewhere in the app, cancelled', async ({ visit, admin }) => {
  test.setTimeout(60_000);
  const episode = await admin.create(unique('Paused'));
  const { page, context } = await visit(people.bob, { path: path(episode) });
  await live(page);
  await throttle(await context.newCDPSession(page), 2e6);
  const name = 'film.mp4';
  await input(page).setInputFiles(media.path(name));
  await expect.poll(() => progress(page, name)).toBeGreaterThan(3);
  await page.getByRole('button', { name: `Pause ${name}` }).click();
  await expect(upload(page, name)).toContainText('Paused');
  const stopped = await progress(page, name);
  await page.getByRole('button', { name: `Resume ${name}` }).click();
  await expect.poll(() => progress(page, name), { timeout: 15_000 }).toBeGreaterThan(stopped);

  await page.getByRole('link', { name: 'Activity' }).first().click();
  await page.getByRole('link', { name: /Uploading 1 file/ }).click();
  await expect(upload(page, name)).toBeVisible();
  await page.getByRole('button', { name: `Cancel ${name}` }).click();
  await expect(upload(page, name)).toHaveCount(0);
  await expect(page.getByText('No files yet')).toBeVisible();
  await expect.poll(async () => (await filesOf(admin, episode)).length).toBe(0);
});

test('after a reload an upload goes on when the same file is chosen again', async ({ visit, admin }) => {
  test.setTimeout(60_000);
  const episode = await admin.create(unique('Reloaded'));
  const { page, context } = await visit(people.bob, { path: path(episode) });
  await live(page);
  const cdp = await context.newCDPSession(page);
  await throttle(cdp, 3e6);
  await input(page).setInputFiles(media.path('film.mp4'));
  await expect.poll(() => progress(page, 'film.mp4')).toBeGreaterThan(8);
  page.on('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Interrupted uploads' })).toBeVisible();
  await throttle(cdp, -1);
  await input(page).setInputFiles(media.path('film.mp4'));
  await expect(fileRow(page, 'film.mp4')).toContainText('Verified', { timeout: 30_000 });
  const files = await filesOf(admin, episode);
  expect(files.map(({ sha256 }) => sha256)).toEqual([media.sha256('film.mp4')]);
});

test('what the server would not take, or does not take, is said in words', async ({
  visit,
  expectConsole,
}) => {
  test.setTimeout(90_000);
  expectConsole(noise);
  const server = new TestServer({ SHOWRUNNER_FILE_IMAGE_MB: '1' });
  await server.start();
  try {
    const admin = await Api.signIn(server.url, people.ada);
    const episode = await admin.create(unique('Refused'));
    const { page } = await visit(people.ada, { at: server, path: path(episode) });
    await live(page);
    await input(page).setInputFiles({
      name: 'large.png',
      mimeType: 'image/png',
      buffer: Buffer.alloc(1_100_000),
    });
    await expect(upload(page, 'large.png')).toContainText(
      'It has 1.1 MB; an image file may have 1.0 MB at most.',
    );
    await expect(page.getByRole('button', { name: 'Retry large.png' })).toHaveCount(0);
    await input(page).setInputFiles(text('empty.txt', ''));
    await expect(upload(page, 'empty.txt')).toContainText('The file is empty.');

    await page.route('**/api/v1/files', async (route) => {
      const body = { ...(route.request().postDataJSON() as object), kind: 'image' };
      await route.continue({ postData: JSON.stringify(body) });
    });
    await input(page).setInputFiles({ ...text('words.png', 'These are words.'), mimeType: 'image/png' });
    await expect(upload(page, 'words.png')).toContainText(
      'The content of words.png is text/plain, which no image file may be.',
    );
    await page.unroute('**/api/v1/files');

    await page.route('**/api/v1/files', (route) =>
      route.fulfill({ status: 413, json: { status: 413, code: 'QUOTA_EXCEEDED', title: 'Full' } }),
    );
    await input(page).setInputFiles(text('notes.txt', 'No room'));
    await expect(upload(page, 'notes.txt')).toContainText('The show has no room left for this file.');
    await page.unroute('**/api/v1/files');
    await page.getByRole('button', { name: 'Retry notes.txt' }).click();
    await expect(fileRow(page, 'notes.txt')).toContainText('Verified');
  } finally {
    await server.dispose();
  }
});

test('files are seen, heard, read, renamed, shared, deleted and brought back', async ({
  visit,
  admin,
  server,
}) => {
  test.setTimeout(90_000);
  const episode = await admin.create(unique('Shown'));
  const { page } = await visit(people.bob, { path: path(episode) });
  await live(page);
  await input(page).setInputFiles([media.path('still.png'), media.path('film.mp4'), media.path('tone.wav')]);
  await input(page).setInputFiles(text('scene.txt', 'INT. HOUSE. NIGHT\nA door.'));
  const dialog = (name: string) => page.getByRole('dialog', { name });
  await expect(fileRow(page, 'still.png').locator('[data-thumbnail]')).toBeVisible({ timeout: 30_000 });

  await page.getByRole('button', { name: 'still.png', exact: true }).click();
  const image = dialog('still.png').getByRole('img', { name: 'still.png' });
  await expect.poll(() => image.evaluate((each: HTMLImageElement) => each.naturalWidth)).toBe(1280);
  await expect(dialog('still.png').locator('[data-sha256]')).toHaveText(media.sha256('still.png'));
  await page.keyboard.press('Escape');

  const ranges: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/download?')) ranges.push(request.headers().range ?? 'whole');
  });
  await page.getByRole('button', { name: 'film.mp4', exact: true }).click();
  const film = dialog('film.mp4').locator('video');
  await expect.poll(() => film.evaluate((each: HTMLVideoElement) => Math.round(each.duration))).toBe(6);
  await film.evaluate((each: HTMLVideoElement) => (each.currentTime = 5));
  await expect.poll(() => film.evaluate((each: HTMLVideoElement) => each.seeking)).toBe(false);
  expect(ranges.every((range) => range.startsWith('bytes='))).toBe(true);
  expect(ranges.length).toBeGreaterThan(0);
  await page.keyboard.press('Escape');

  await expect(fileRow(page, 'tone.wav')).toContainText('0:03', { timeout: 30_000 });
  await page.getByRole('button', { name: 'tone.wav', exact: true }).click();
  await expect(dialog('tone.wav').getByRole('img', { name: 'Waveform of tone.wav' })).toBeVisible({
    timeout: 30_000,
  });
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'scene.txt', exact: true }).click();
  await expect(dialog('scene.txt').getByText('INT. HOUSE. NIGHT')).toBeVisible({ timeout: 30_000 });
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Actions on tone.wav' }).click();
  const saved = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'Download' }).click();
  expect((await saved).suggestedFilename()).toBe('tone.wav');

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
  await page.getByRole('button', { name: 'Actions on tone.wav' }).click();
  await page.getByRole('menuitem', { name: 'Copy link' }).click();
  await expect(page.getByText(/Link copied. Anyone who has it can open the file until/)).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect((await fetch(link)).status).toBe(200);

  await page.getByRole('button', { name: 'tone.wav', exact: true }).focus();
  await page.keyboard.press('F2');
  await page.getByRole('dialog').getByLabel('Name').fill('theme.wav');
  await page.keyboard.press('Enter');
  await expect(fileRow(page, 'theme.wav')).toBeVisible();
  await page.getByRole('button', { name: 'theme.wav', exact: true }).focus();
  await page.keyboard.press('Delete');
  await expect(fileRow(page, 'theme.wav')).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(fileRow(page, 'theme.wav')).toBeVisible();
});

test('files are dropped on the page', async ({ visit, admin }) => {
  const episode = await admin.create(unique('Dropped'));
  const { page } = await visit(people.bob, { path: path(episode) });
  await live(page);
  await expect(page.getByText('No files yet')).toBeVisible();
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['EXT. LAKE. DAY'], 'lake.txt', { type: 'text/plain' }));
    return data;
  });
  await page.dispatchEvent('main', 'dragenter', { dataTransfer: transfer });
  await expect(page.getByTestId('drop-zone')).toBeVisible();
  await accessible(page, 'the drop zone');
  await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
  await expect(page.getByTestId('drop-zone')).toBeHidden();
  await expect(fileRow(page, 'lake.txt')).toContainText('Verified');
});

const sizes = [
  { name: 'wide', options: { viewport: { width: 1440, height: 900 } } },
  { name: 'phone', options: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } },
] as const;
for (const { name, options } of sizes)
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the files are accessible and fit: ${name}, ${colorScheme}`, async ({ visit, admin, server }) => {
      const episode = await admin.create(unique('Accessible'));
      await put(admin, server, episode, 'scene.txt', Buffer.from('INT. HOUSE'));
      const { page } = await visit(people.ada, { ...options, colorScheme, path: path(episode) });
      await input(page).setInputFiles([media.path('still.png')]);
      await input(page).setInputFiles(text('nothing.txt', ''));
      await expect(fileRow(page, 'still.png').locator('[data-thumbnail]')).toBeVisible({ timeout: 30_000 });
      await accessible(page, 'files');
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width, 'scrolls sideways').toBeLessThanOrEqual(options.viewport.width);
      await page.getByRole('button', { name: 'Grid' }).click();
      await accessible(page, 'files as a grid');
      await page.getByRole('button', { name: 'still.png', exact: true }).click();
      await expect(page.getByRole('dialog').getByRole('img', { name: 'still.png' })).toBeVisible();
      await accessible(page, 'a file');
    });
  }
