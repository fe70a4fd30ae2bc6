import {
  test as base,
  expect,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from '@playwright/test';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Api } from './api.ts';
import { people, TestServer, type Person } from './server.ts';

export { expect, people, TestServer, type Page };

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A browser of somebody's own, whose console is watched. */
export interface Visitor {
  page: Page;
  context: BrowserContext;
}

interface Fixtures {
  /** Opens a browser; signed in when a person is given. */
  visit: (
    person?: Person,
    options?: BrowserContextOptions & { path?: string; at?: TestServer },
  ) => Promise<Visitor>;
  /** Lets console messages of this kind pass: what a test provokes is no fault. */
  expectConsole: (pattern: RegExp) => void;
  admin: Api;
  bob: Api;
  consoleLog: ConsoleLog;
}

class ConsoleLog {
  readonly allowed: RegExp[] = [];
  readonly #messages: string[] = [];

  watch(page: Page): void {
    page.on('console', (message) => {
      if (this.#messages.length > 50) return;
      if (message.type() === 'error' || message.type() === 'warning')
        this.#messages.push(`${message.type()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.#messages.push(`page error: ${error.message}`));
  }

  unexpected(): string[] {
    return this.#messages.filter((message) => !this.allowed.some((pattern) => pattern.test(message)));
  }
}

export const test = base.extend<Fixtures, { server: TestServer }>({
  server: [
    async ({}, use) => {
      const server = new TestServer();
      await server.start();
      await server.addUser(people.bob);
      await server.addUser(people.vera);
      await use(server);
      await server.dispose();
    },
    { scope: 'worker', timeout: 120_000 },
  ],

  admin: async ({ server }, use) => use(await Api.signIn(server.url, people.ada)),
  bob: async ({ server }, use) => use(await Api.signIn(server.url, people.bob)),

  expectConsole: async ({ consoleLog }, use) => use((pattern) => consoleLog.allowed.push(pattern)),

  visit: async ({ browser, server, consoleLog }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (person, options = {}) => {
      const { path = '/episodes', at = server, ...contextOptions } = options;
      const visitor = await open(browser, at, contextOptions);
      contexts.push(visitor.context);
      consoleLog.watch(visitor.page);
      if (person) await signIn(visitor.context, person);
      await visitor.page.goto(path);
      return visitor;
    });
    for (const context of contexts) await context.close();
    expect(consoleLog.unexpected(), 'errors and warnings in the console').toEqual([]);
  },
  consoleLog: async ({}, use) => use(new ConsoleLog()),
});

async function open(browser: Browser, server: TestServer, options: BrowserContextOptions): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: server.url,
    viewport: { width: 1440, height: 900 },
    ...options,
  });
  return { context, page: await context.newPage() };
}

/** Signs in by the API: the session's cookie then lies in the browser. */
async function signIn(context: BrowserContext, person: Person): Promise<void> {
  const response = await context.request.post('/api/v1/auth/login', {
    data: { email: person.email, password: person.password },
  });
  expect(response.ok(), await response.text()).toBe(true);
}

/** Waits until the page gets live updates, so that what happens next is seen by it. */
export async function live(page: Page): Promise<void> {
  await expect(page.locator('[data-connection="live"]')).toBeVisible({ timeout: 15_000 });
}

export const row = (page: Page, id: string) => page.locator(`[data-row="${id}"]`);

interface AxeNode {
  html: string;
  failureSummary?: string;
}
interface AxeViolation {
  id: string;
  nodes: AxeNode[];
}

/** Every rule of WCAG 2.0 to 2.2 A and AA, and the best practices, on what is shown now. */
export async function accessible(page: Page, what: string): Promise<void> {
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every((each) => each.playState !== 'running' || each.effect?.getTiming().iterations === Infinity),
  );
  await page.evaluate(`${axeSource};0`);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run: (options: object) => Promise<{ violations: AxeViolation[] }> };
    };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    return (await axe.run({ runOnly: tags })).violations;
  });
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
  );
  expect(found, `accessibility of ${what}`).toEqual([]);
}
