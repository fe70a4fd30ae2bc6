// A `showrunner work` beside a server, and what PostgreSQL itself says of the jobs.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { binary, eventually, isAlive, plainEnvironment } from "./showrunner_server.mjs";

const runFile = promisify(execFile);

export class JobProcessor {
  log = [];

  /** Killed, if it still runs, when `test` ends. */
  static async start(test, server, { queues, concurrency = 10, env = {} } = {}) {
    const args = ["work", "--data-dir", server.dataDir, "--concurrency", String(concurrency)];
    if (queues) args.push("--queues", queues);
    const child = spawn(binary, args, {
      env: plainEnvironment({ SHOWRUNNER_JOB_POLL_INTERVAL_MS: "200", ...env }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const processor = new JobProcessor();
    processor.process = child;
    processor.exited = once(child, "close");
    test.after(async () => {
      await processor.end("SIGKILL");
      // A sanitizer's report, a crash or a stray print is no JSON.
      for (const line of processor.log) {
        assert.doesNotThrow(() => JSON.parse(line), `a line of a processor's log: ${line}`);
      }
    });
    createInterface({ input: child.stderr }).on("line", (line) => processor.log.push(line));
    const working = new Promise((resolve) =>
      createInterface({ input: child.stdout }).on("line", (line) => line === "working" && resolve(true)),
    );
    const works = await Promise.race([working, processor.exited.then(() => false)]);
    if (!works) throw new Error(`the processor did not start:\n${processor.log.join("\n")}`);
    return processor;
  }

  get running() {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  async end(signal = "SIGTERM") {
    if (this.running) this.process.kill(signal);
    return this.ended();
  }

  /** Its exit status; null when a signal ended it. */
  async ended() {
    const [code] = await this.exited;
    return code;
  }

  /** The CPU time that it has used, in ms. */
  cpuMs() {
    return cpuMs(this.process.pid);
  }

  logged(event) {
    return this.log.map((line) => JSON.parse(line)).filter((entry) => entry.event === event);
  }
}

export function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** Jobs as PostgreSQL sees them. */
export class Jobs {
  constructor(server) {
    this.server = server;
  }

  /** Rows as arrays of text. */
  async rows(text) {
    const pidFile = path.join(this.server.dataDir, "postgres", "postmaster.pid");
    const folder = readFileSync(pidFile, "utf8").split("\n")[4];
    const connection = `host=${folder} user=showrunner dbname=showrunner application_name=test`;
    const { stdout } = await runFile("psql", [connection, "-XAtq", "-F", "\t", "-c", text], {
      maxBuffer: 1 << 26,
    });
    return stdout.split("\n").filter(Boolean).map((line) => line.split("\t"));
  }

  async value(text) {
    return (await this.rows(text))[0]?.[0];
  }

  async count(text) {
    return Number(await this.value(`SELECT count(*) FROM ${text}`));
  }

  /** Many at once, into their own queue, as enqueue() would store them. */
  async insert(count, queue, args = {}, { maxAttempts = 5 } = {}) {
    const ids = await this.rows(
      `INSERT INTO jobs (id, type, queue, priority, max_attempts, show_id, created_by_name,
         created_at, run_at, args)
       SELECT gen_random_uuid(), 'check', '${queue}', 5, ${maxAttempts},
         '00000000-0000-7000-8000-000000000001', 'test', now(), now(), '${JSON.stringify(args)}'
       FROM generate_series(1, ${count}) RETURNING id`,
    );
    return ids.map(([id]) => id);
  }

  running(queue) {
    return this.count(`jobs WHERE queue = '${queue}' AND status = 'processing'`);
  }

  finished(queue) {
    return this.count(`jobs_finished WHERE queue = '${queue}' AND status = 'completed'`);
  }

  async allFinished(queue, count, deadline = 40_000) {
    await eventually(`${count} jobs are finished`, async () => (await this.finished(queue)) >= count, deadline);
  }

  /** How often each type of event is in the ledger, for jobs of the queue. */
  async events(queue) {
    const rows = await this.rows(
      `SELECT e.type, count(*) FROM events e WHERE e.resource_id IN (
         SELECT id FROM jobs WHERE queue = '${queue}' UNION ALL
         SELECT id FROM jobs_finished WHERE queue = '${queue}' UNION ALL
         SELECT id FROM jobs_dead WHERE queue = '${queue}') GROUP BY 1`,
    );
    return Object.fromEntries(rows.map(([type, n]) => [type, Number(n)]));
  }

  /** Events of the type that some job has twice. */
  twice(type, queue) {
    return this.count(
      `(SELECT resource_id FROM events WHERE type = '${type}' AND resource_id IN (
         SELECT id FROM jobs_finished WHERE queue = '${queue}') GROUP BY 1 HAVING count(*) > 1) AS t`,
    );
  }

  /** As an operator would, or a broken network: all connections of the application end. */
  terminateBackends(which = "true") {
    return this.rows(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'showrunner'
         AND application_name <> 'test' AND ${which}`,
    );
  }
}

/** PostgreSQL goes at once and is started again by its server. */
export async function restartPostgres(server) {
  const before = server.postgresPid();
  process.kill(before, "SIGINT");
  await eventually("PostgreSQL ends", () => !isAlive(before));
  await eventually("another PostgreSQL", () => {
    const now = server.postgresPid();
    return now && now !== before && isAlive(now);
  });
}
