import { Api, unique } from './api.ts';
import { expect, live, people, row, test, TestServer } from './test.ts';

test('tokens that last seconds are renewed again and again, and nobody notices', async ({ visit }) => {
  test.setTimeout(120_000);
  const server = new TestServer({ SHOWRUNNER_ACCESS_TOKEN_S: '5' });
  try {
    await server.start();
    const { page, context } = await visit(people.ada, { at: server, path: '/settings' });
    await live(page);
    const tab = await context.newPage();
    let connections = 0;
    let renewals = 0;
    tab.on('websocket', () => connections++);
    tab.on('request', (request) => {
      if (request.url().endsWith('/auth/refresh')) renewals++;
    });
    await tab.goto('/episodes');
    await live(tab);
    // Each token ends its connection; the next one carries a new token.
    await expect.poll(() => connections, { timeout: 30_000 }).toBeGreaterThanOrEqual(3);
    await live(tab);
    await expect(tab.getByText(/Live updates paused/)).toBeHidden();
    const episode = await (await Api.signIn(server.url, people.ada)).create(unique('After renewals'));
    await expect(row(tab, episode.id)).toBeVisible();
    expect(renewals).toBeLessThanOrEqual(connections + 3);
    await expect(tab).toHaveURL(/\/episodes$/);
    await context.close(); // before its server goes
  } finally {
    await server.dispose();
  }
});
