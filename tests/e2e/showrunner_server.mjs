// Runs the real server on a data directory of its own. Whatever a test does, the server's log must
// stay JSON line by line and free of every secret that the test used.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

export const binary =
  process.env.SHOWRUNNER_TEST_BIN ??
  fileURLToPath(new URL("../../build/dev/showrunner", import.meta.url));

const patience = 15_000;
const interval = 20;

function tick() {
  return new Promise((resolve) => setTimeout(resolve, interval));
}

/** What `check` gives as soon as that is something; fails when it stays nothing. */
export async function eventually(what, check, deadline = patience) {
  const end = Date.now() + deadline;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not in ${deadline} ms: ${what}`);
    await tick();
  }
}

export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Like a test's context, for what the tests of a file share. Call it outside of tests and hooks. */
export function sharedScope() {
  const ends = [];
  after(async () => {
    for (const end of ends.reverse()) await end();
  });
  return { after: (end) => ends.push(end) };
}

/** This process's variables without those that configure a server. */
export function plainEnvironment(extra = {}) {
  const mine = Object.entries(process.env).filter(
    ([name]) =>
      !name.startsWith("SHOWRUNNER_") && !["DATABASE_URL", "JOB_QUEUE", "FILE_STORE"].includes(name),
  );
  return { ...Object.fromEntries(mine), ...extra };
}

export function makeFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), "showrunner-test-"));
  // The private PostgreSQL runs as another user when the tests run as root.
  chmodSync(folder, 0o755);
  return folder;
}

/** Runs a command to its end. */
export async function run(args, { env = {}, input = "", cwd } = {}) {
  const child = spawn(binary, args, { env: plainEnvironment(env), cwd });
  const chunks = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (chunks.out += chunk));
  child.stderr.on("data", (chunk) => (chunks.err += chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [code] = await once(child, "close");
  return { code, ...chunks };
}

export class ShowrunnerServer {
  log = [];
  secrets = new Set();
  adminEmail = "admin@example.com";
  adminPassword = `admin-${randomBytes(8).toString("hex")}`;
  port = 0;

  /** Stopped and removed when `test` (a test's context, or a shared scope) ends. */
  static async start(test, { env = {}, flags = [], folder = makeFolder() } = {}) {
    const server = new ShowrunnerServer();
    server.folder = folder;
    server.dataDir = path.join(folder, "data");
    server.env = env;
    server.flags = flags;
    server.secrets.add(server.adminPassword);
    test.after(() => server.remove());
    await server.launch();
    return server;
  }

  async launch() {
    const args = ["serve", "--listen", `127.0.0.1:${this.port}`, "--data-dir", this.dataDir];
    const env = plainEnvironment({
      SHOWRUNNER_ADMIN_EMAIL: this.adminEmail,
      SHOWRUNNER_ADMIN_PASSWORD: this.adminPassword,
      ...this.env,
    });
    const child = spawn(binary, [...args, ...this.flags], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.process = child;
    this.exited = once(child, "close");
    this.output = [];
    createInterface({ input: child.stderr }).on("line", (line) => this.log.push(line));
    const ready = new Promise((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        this.output.push(line);
        if (line.startsWith("ready ")) resolve(line.slice("ready ".length));
      });
    });
    const url = await Promise.race([ready, this.exited.then(() => undefined)]);
    if (!url) throw new Error(`the server did not start:\n${this.log.slice(-10).join("\n")}`);
    this.url = url;
    this.port = Number(new URL(url).port);
  }

  get running() {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** The exit status, once it has ended. */
  async end(signal = "SIGTERM") {
    if (this.running) this.process.kill(signal);
    const [code] = await this.exited;
    return code;
  }

  /** The same server again: its port, its data. */
  async restart(signal = "SIGTERM") {
    await this.end(signal);
    await this.launch();
  }

  run(...args) {
    return this.runWith({}, ...args);
  }

  runWith(options, ...args) {
    return run([...args, "--data-dir", this.dataDir], options);
  }

  postgresPid() {
    try {
      const file = path.join(this.dataDir, "postgres", "postmaster.pid");
      return Number(readFileSync(file, "utf8").split("\n", 1)[0]);
    } catch {
      return undefined;
    }
  }

  /** Kilobytes of memory. */
  residentKb() {
    const status = readFileSync(`/proc/${this.process.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)[1]);
  }

  checkLog() {
    for (const line of this.log) {
      // A sanitizer's report, a crash or a stray print is no JSON.
      let entry;
      assert.doesNotThrow(() => (entry = JSON.parse(line)), `a line of the log: ${line}`);
      assert.ok(entry.time && entry.level && entry.event, `a line of the log: ${line}`);
    }
    const text = this.log.join("\n");
    for (const secret of this.secrets) {
      assert.ok(!text.includes(secret), `the log contains a secret: ${secret}`);
    }
  }

  logged(event) {
    return this.log.map((line) => JSON.parse(line)).filter((entry) => entry.event === event);
  }

  async remove() {
    const postgres = this.postgresPid();
    await this.end();
    // Killed hard, the server leaves PostgreSQL to end by itself.
    if (postgres) await eventually("PostgreSQL ends", () => !isAlive(postgres));
    rmSync(this.folder, { recursive: true, force: true });
    this.checkLog();
  }
}
