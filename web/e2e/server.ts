import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(import.meta.dirname, '../..');
const binary = resolve(process.env.SHOWRUNNER_TEST_BIN ?? join(root, 'build/dev/showrunner'));
const startTime = 60_000;

export interface Person {
  email: string;
  name: string;
  role: 'admin' | 'editor' | 'viewer';
  password: string;
}

export const people = {
  ada: { email: 'ada@example.com', name: 'Admin', role: 'admin', password: 'correct horse 1' },
  bob: { email: 'bob@example.com', name: 'Bob Editor', role: 'editor', password: 'correct horse 2' },
  vera: { email: 'vera@example.com', name: 'Vera Viewer', role: 'viewer', password: 'correct horse 3' },
} satisfies Record<string, Person>;

/** One server with a data directory of its own. It can be stopped and started again on the same port. */
export class TestServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'showrunner-e2e-'));
  readonly dataDir = join(this.#folder, 'data');
  url = '';
  #process: ChildProcess | null = null;
  #output: string[] = [];

  readonly #settings: Record<string, string>;

  constructor(settings: Record<string, string> = {}) {
    this.#settings = settings;
    // The private PostgreSQL runs as another user when the tests run as root.
    chmodSync(this.#folder, 0o755);
  }

  async start(): Promise<void> {
    const listen = this.url ? new URL(this.url).host : '127.0.0.1:0';
    const child = spawn(binary, ['serve', '--listen', listen, '--data-dir', this.dataDir], {
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    child.stderr?.on('data', (chunk: Buffer) => this.#remember(chunk.toString()));
    child.once('exit', (code, signal) => {
      if (this.#process !== child) return;
      console.error(`the server ended by itself (${code ?? signal}):\n${this.#output.slice(-60).join('')}`);
    });
    this.url = await this.#ready(child);
  }

  #ready(child: ChildProcess): Promise<string> {
    return new Promise((fulfil, reject) => {
      const fail = (reason: string) => reject(new Error(`${reason}\n${this.#output.join('')}`));
      const timer = setTimeout(() => fail('the server did not get ready in time'), startTime);
      child.once('error', (error) => fail(error.message));
      child.once('exit', (code) => fail(`the server ended with ${code} before it was ready`));
      if (!child.stdout) return fail('no output to read');
      createInterface(child.stdout).on('line', (line) => {
        this.#remember(`${line}\n`);
        const address = /^ready (http:\/\/\S+)/.exec(line)?.[1];
        if (!address) return;
        clearTimeout(timer);
        fulfil(address.replace(/\/$/, ''));
      });
    });
  }

  #remember(text: string): void {
    this.#output.push(text);
    if (this.#output.length > 400) this.#output.shift();
  }

  #environment(): NodeJS.ProcessEnv {
    // Without the variables that configure a server of the person who runs the tests.
    const plain = Object.entries(process.env).filter(([name]) => !/^(SHOWRUNNER_|DATABASE_URL$)/.test(name));
    return {
      ...Object.fromEntries(plain),
      SHOWRUNNER_ADMIN_EMAIL: people.ada.email,
      SHOWRUNNER_ADMIN_PASSWORD: people.ada.password,
      SHOWRUNNER_WEB_DIR: process.env.SHOWRUNNER_WEB_DIR ?? join(root, 'web/dist'),
      ...this.#settings,
    };
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await ended;
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Makes a user the way an operator does. */
  async addUser(person: Person): Promise<void> {
    const child = spawn(
      binary,
      [
        'user',
        'add',
        '--email',
        person.email,
        '--name',
        person.name,
        '--role',
        person.role,
        '--password-stdin',
        '--data-dir',
        this.dataDir,
      ],
      { env: this.#environment(), stdio: ['pipe', 'pipe', 'pipe'] },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stdin.end(`${person.password}\n`);
    const code = await new Promise((done) => child.once('exit', done));
    if (code !== 0) throw new Error(`user add ended with ${String(code)}: ${output}`);
  }
}
