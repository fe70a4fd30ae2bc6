import type { WebSocketRoute } from '@playwright/test';
import { unique } from './api.ts';
import { expect, live, people, row, test } from './test.ts';

const noise = /WebSocket|ERR_|status of 50\d|Failed to load resource/;

test('a dropped connection is told, and what was missed is there on return', async ({
  visit,
  bob,
  expectConsole,
}) => {
  expectConsole(noise);
  const { page, context } = await visit(people.ada, { path: '/settings' });
  const tab = await context.newPage();
  await page.close();
  let blocked = false;
  const sockets: WebSocketRoute[] = [];
  await tab.routeWebSocket(/socket\.io/, (socket) => {
    if (blocked) return void socket.close({ code: 1011 });
    sockets.push(socket);
    socket.connectToServer();
  });
  await tab.route('**/socket.io/**', (route) => (blocked ? route.abort() : route.continue()));
  const episode = await bob.create(unique('While away'));
  await tab.goto('/episodes');
  await live(tab);
  await expect(row(tab, episode.id)).toBeVisible();
  await tab.mouse.move(0, 0);

  blocked = true;
  for (const socket of sockets) await socket.close();
  await expect(tab.getByText(/Live updates paused/)).toBeVisible();
  await expect(tab.getByRole('button', { name: /Reconnecting/ })).toBeVisible();
  await bob.patch(episode.id, { title: `${episode.title}, changed` });
  const missed = await bob.create(unique('Made while away'));

  blocked = false;
  await tab.getByRole('button', { name: 'Retry now' }).click();
  await live(tab);
  await expect(row(tab, episode.id)).toContainText(', changed');
  await expect(row(tab, missed.id)).toBeVisible();
  await expect(tab.getByText(/Live updates paused/)).toBeHidden();
  await expect(tab.getByText('Back online, 2 changes loaded')).toBeVisible();
});

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`a restart of the server (${signal}) is survived, edits included`, async ({
    visit,
    bob,
    server,
    expectConsole,
  }) => {
    test.setTimeout(120_000);
    expectConsole(noise);
    const episode = await bob.create(unique('Restart'));
    const list = await visit(people.ada);
    const detail = await visit(people.ada, { path: `/episodes/${episode.id}` });
    await live(list.page);
    await live(detail.page);
    await detail.page.getByLabel('Description').fill('Typed across a restart');

    await server.stop(signal);
    await expect(list.page.getByText(/Live updates paused/)).toBeVisible();
    await server.start();
    await live(list.page);
    await live(detail.page);
    await expect(detail.page.getByLabel('Description')).toHaveValue('Typed across a restart');
    await detail.page.keyboard.press('Control+s');
    await expect(detail.page.getByText('Saved', { exact: true })).toBeVisible();
    await expect(row(list.page, episode.id)).toContainText('Admin');
    await detail.page.getByLabel('Title').fill(`${episode.title}, after`);
    await detail.page.keyboard.press('Control+s');
    await expect(row(list.page, episode.id)).toContainText(', after');
  });
}

test('a page opened while the server is down says so and gets on by itself', async ({
  visit,
  expectConsole,
}) => {
  expectConsole(noise);
  const { page } = await visit(people.ada);
  await live(page);
  await page.route('**/api/v1/auth/refresh', (route) => route.abort());
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Can’t reach Showrunner' })).toBeVisible();
  await page.unroute('**/api/v1/auth/refresh');
  await page.getByRole('button', { name: 'Try now' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Episodes' })).toBeVisible();
});
