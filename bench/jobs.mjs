// Jobs that do nothing: Showrunner's processor beside Graphile Worker, on one PostgreSQL, in turn.
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

import pg from "./peers/node_modules/pg/lib/index.js";
import { startPostgres } from "./harness/stage.mjs";
import { goal, goalHead, hundredths, table, whole } from "./harness/table.mjs";

const program = new URL("../build/release/showrunner", import.meta.url).pathname;
const peerProgram = new URL("./peers/graphile_worker.mjs", import.meta.url).pathname;
const show = "00000000-0000-7000-8000-000000000001";

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const quantile = (numbers, part) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * part)];

/** A worker of either kind; `line` tells that it is ready. */
class Worker {
  static async start(command, args, env, line) {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "ignore"] });
    const worker = new Worker(child);
    await new Promise((resolve, reject) => {
      child.once("close", (code) => reject(new Error(`${command} ended with ${code}`)));
      worker.onLine = (text) => text === line && resolve();
    });
    return worker;
  }

  constructor(child) {
    this.child = child;
    this.ended = new Promise((resolve) => child.once("close", resolve));
    createInterface({ input: child.stdout }).on("line", (text) => this.onLine(text));
  }

  async stop() {
    this.child.kill("SIGTERM");
    await this.ended;
  }
}

/** UUIDs in the order of time, as the server makes them. */
const orderedId = (n) =>
  "(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7000' || " +
  `lpad(to_hex((8::bigint << 60) + ${n}::bigint), 16, '0'))::uuid`;

class Bench {
  static async set() {
    const folder = mkdtempSync("/var/tmp/showrunner-bench-");
    chmodSync(folder, 0o711);
    const bench = new Bench(folder, await startPostgres(folder));
    bench.clients = {};
    for (let left = 100; ; --left) {
      try {
        bench.clients.ours = await bench.connect("showrunner");
        break;
      } catch (error) {
        if (left === 0) throw error;
        await pause(200);
      }
    }
    await bench.clients.ours.query("CREATE DATABASE graphile");
    bench.clients.peer = await bench.connect("graphile");
    return bench;
  }

  constructor(folder, postgres) {
    this.folder = folder;
    this.postgres = postgres;
  }

  url(database) {
    return `postgresql:///${database}?host=${this.postgres.socketFolder}&user=showrunner`;
  }

  async connect(database) {
    const client = new pg.Client({ connectionString: this.url(database) });
    client.on("error", () => {}); // It ends with PostgreSQL.
    await client.connect();
    return client;
  }

  async strike() {
    for (const client of Object.values(this.clients ?? {})) await client.end();
    this.postgres.process.kill("SIGINT");
    await this.postgres.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  ours(concurrency) {
    const args = ["work", "--queues", "default", "--concurrency", String(concurrency)];
    return Worker.start(program, args, { DATABASE_URL: this.url("showrunner") }, "working");
  }

  peer(mode, latency = "0") {
    const env = { DATABASE_URL: this.url("graphile"), LATENCY: latency, NODE_ENV: "production", NO_LOG_SUCCESS: "1" };
    return Worker.start(process.execPath, [peerProgram, mode], env, "ready");
  }

  /** As enqueue_many does: jobs and their events, in one transaction; then the signal. */
  async enqueueOurs(jobs) {
    const { ours } = this.clients;
    await ours.query(`
      WITH change AS (
        INSERT INTO jobs (id, type, queue, priority, max_attempts, show_id, created_by_name, created_at, run_at, args)
        SELECT ${orderedId("n")}, 'check', 'default', 5, 5, '${show}', 'bench', now(), now(), '{}'
        FROM generate_series(1, ${jobs}) AS n RETURNING id)
      INSERT INTO events (id, type, action, created_at, actor_name, resource_type, resource_id, show_id, changes, payload)
      SELECT gen_random_uuid(), 'job_created', 'CREATE', now(), 'bench', 'job', id, '${show}', '{}', '{}' FROM change`);
    await ours.query("SELECT pg_notify('showrunner', 'bench jobs.ready default')");
  }

  async enqueuePeer(jobs) {
    await this.clients.peer.query(
      "SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(SELECT json_populate_record(NULL::graphile_worker.job_spec, " +
        `'{"identifier":"noop","payload":{}}') FROM generate_series(1, ${jobs})))`,
    );
  }

  /** Asked rarely: every time the table is read past all that has died in it. */
  async emptied(client, table) {
    for (;;) {
      const { rows } = await client.query(`SELECT NOT EXISTS (SELECT FROM ${table}) AS empty`);
      if (rows[0].empty) return;
      await pause(200);
    }
  }

  /** Jobs a second: from when they are all there until none is left. */
  async drainOurs(jobs) {
    const began = performance.now();
    await this.enqueueOurs(jobs);
    const there = performance.now();
    await this.emptied(this.clients.ours, "jobs");
    return { rate: (jobs * 1000) / (performance.now() - there), enqueue: (jobs * 1000) / (there - began) };
  }

  async drainPeer(jobs) {
    const began = performance.now();
    await this.enqueuePeer(jobs);
    const there = performance.now();
    await this.emptied(this.clients.peer, "graphile_worker._private_jobs");
    return { rate: (jobs * 1000) / (performance.now() - there), enqueue: (jobs * 1000) / (there - began) };
  }
}

/** Both in turn, the order changing; medians and the ratios round by round. */
async function rounds(count, ours, peer) {
  const results = { ours: [], peer: [] };
  for (let round = 0; round < count; ++round) {
    const order = round % 2 === 0 ? [["ours", ours], ["peer", peer]] : [["peer", peer], ["ours", ours]];
    for (const [name, slice] of order) results[name].push(await slice());
  }
  return results;
}

function ratio(results, of) {
  const each = results.ours.map((ours, n) => of(ours) / of(results.peer[n]));
  return { median: median(each), min: Math.min(...each), max: Math.max(...each) };
}

async function batched(bench, count, goals, rows) {
  const jobs = 100_000;
  const results = await rounds(
    count,
    async () => {
      const worker = await bench.ours(4000);
      const result = await bench.drainOurs(jobs);
      await worker.stop();
      return result;
    },
    async () => {
      const worker = await bench.peer("batched");
      const result = await bench.drainPeer(jobs);
      await worker.stop();
      return result;
    },
  );
  const limits = [];
  for (let round = 0; round < count; ++round) limits.push(await onlyEvents(bench));
  goals.push(goal("batched, with history and both events", ratio(results, (each) => each.rate), 2.5));
  goals.push(goal("putting 100,000 in", ratio(results, (each) => each.enqueue)));
  for (const [name, who] of [["Showrunner", "ours"], ["Graphile Worker", "peer"]]) {
    rows.push([`batched, ${name}`, whole(median(results[who].map((each) => each.rate)))]);
  }
  rows.push(["batched, if only both events were appended", whole(median(limits))]);
}

/** Jobs a second if nothing were done for one but to append its two events, from two connections, a thousand at a time. */
async function onlyEvents(bench) {
  const jobs = 100_000;
  const batch = 1_000;
  const writers = await Promise.all([bench.connect("showrunner"), bench.connect("showrunner")]);
  const payload = `'{"id":"' || ${orderedId("n")} || '","jobId":"${show}","type":"check","attempt":1}'`;
  const began = performance.now();
  await Promise.all(
    writers.map(async (writer) => {
      for (let left = jobs / batch; left > 0; --left) {
        await writer.query(`
          INSERT INTO events (id, type, action, created_at, actor_name, resource_type, resource_id, show_id, changes, payload)
          SELECT id, 'job_started', 'START', now(), 'system', 'job', id, '${show}', '{}', payload::json
          FROM (SELECT ${orderedId("n")} AS id, ${payload} AS payload FROM generate_series(1, ${batch}) AS n) AS rows`);
      }
    }),
  );
  const rate = (jobs * 1000) / (performance.now() - began);
  for (const writer of writers) await writer.end();
  return rate;
}

/** Every job claimed and completed by commits of its own: as many workers that hold one each. */
async function unbatched(bench, count, goals, rows) {
  const jobs = 10_000;
  const processes = 12;
  const results = await rounds(
    count,
    async () => {
      const workers = await Promise.all(Array.from({ length: processes }, () => bench.ours(1)));
      const result = await bench.drainOurs(jobs);
      await Promise.all(workers.map((worker) => worker.stop()));
      return result;
    },
    async () => {
      const worker = await bench.peer("unbatched");
      const result = await bench.drainPeer(jobs);
      await worker.stop();
      return result;
    },
  );
  goals.push(goal("unbatched", ratio(results, (each) => each.rate), 1.5));
  for (const [name, who] of [["Showrunner", "ours"], ["Graphile Worker", "peer"]]) {
    rows.push([`unbatched, ${name}`, whole(median(results[who].map((each) => each.rate)))]);
  }
}

const now = () => performance.timeOrigin + performance.now();

/**
 * From before a job is put in until its handler runs, in ms. Ours says when with a line of its log, to the
 * millisecond: half of one is added for what was cut off. Between the two are a commit that puts the job in, word of
 * it, and a commit that takes it: the third series does these three and nothing else.
 */
async function latency(bench, count, goals, rows) {
  const samples = 200;
  const ours = async () => {
    const worker = await bench.ours(10);
    const client = bench.clients.ours;
    const asked = [];
    for (let n = 0; n < samples; ++n) {
      const began = now();
      const { rows: made } = await client.query(
        "INSERT INTO jobs (id, type, queue, priority, max_attempts, show_id, created_by_name, created_at, run_at, args) " +
          `VALUES (${orderedId(n)}, 'check', 'default', 5, 5, '${show}', 'bench', now(), now(), '{"duration_ms": 1}') ` +
          "RETURNING id",
      );
      await client.query("SELECT pg_notify('showrunner', $1)", [`bench jobs.ready ${n}`]);
      asked.push([made[0].id, began]);
      await pause(10);
    }
    await bench.emptied(client, "jobs");
    await worker.stop();
    const begun = await client.query(
      "SELECT job_id, extract(epoch FROM created_at)::float8 * 1000 + 0.5 AS at FROM job_log " +
        "WHERE text = 'begun' AND job_id = ANY ($1)",
      [asked.map(([id]) => id)],
    );
    const byId = new Map(begun.rows.map((row) => [row.job_id, row.at]));
    return asked.map(([id, began]) => byId.get(id) - began);
  };
  const peer = async () => {
    const worker = await bench.peer("unbatched", "1");
    const begun = [];
    const waits = [];
    worker.onLine = (text) => {
      const [n, at] = text.split(" ").map(Number);
      waits.push(at - begun[n]);
    };
    for (let n = 0; n < samples; ++n) {
      begun.push(now());
      await bench.clients.peer.query("SELECT graphile_worker.add_job('noop', json_build_object('n', $1::int))", [n]);
      await pause(10);
    }
    await bench.emptied(bench.clients.peer, "graphile_worker._private_jobs");
    await worker.stop();
    return waits;
  };
  const floor = async () => {
    const { ours: asker } = bench.clients;
    const taker = await bench.connect("showrunner");
    await asker.query("CREATE TABLE floor (n integer PRIMARY KEY, taken boolean NOT NULL DEFAULT false)");
    await taker.query("LISTEN floor");
    const waits = [];
    for (let n = 0; n < samples; ++n) {
      const heard = new Promise((resolve) => taker.once("notification", resolve));
      const began = now();
      await asker.query("INSERT INTO floor VALUES ($1)", [n]);
      await asker.query("NOTIFY floor");
      await heard;
      await taker.query("UPDATE floor SET taken = true WHERE n = $1", [n]);
      waits.push(now() - began);
      await pause(10);
    }
    await taker.end();
    await asker.query("DROP TABLE floor");
    return waits;
  };
  const results = await rounds(count, ours, peer);
  const floors = [];
  for (let round = 0; round < count; ++round) floors.push(await floor());
  goals.push(goal("latency, p50 (smaller is better)", ratio(results, (each) => median(each)), 0.4, "most"));
  goals.push(goal("latency, p99 (smaller is better)", ratio(results, (each) => quantile(each, 0.99)), 0.5, "most"));
  for (const [name, series] of [
    ["Showrunner", results.ours],
    ["Graphile Worker", results.peer],
    ["two commits and a notification", floors],
  ]) {
    rows.push([`latency p50 ms, ${name}`, hundredths(median(series.map((each) => median(each))))]);
    rows.push([`latency p99 ms, ${name}`, hundredths(median(series.map((each) => quantile(each, 0.99))))]);
  }
}

/** A snapshot is held: nobody can clean up what dies, so every claim might wade through it. */
async function heldSnapshot(bench, goals, rows) {
  const jobs = 100_000;
  const worker = await bench.ours(4000);
  await bench.drainOurs(jobs); // Warms up.
  const holder = await bench.connect("showrunner");
  await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  await holder.query("SET idle_in_transaction_session_timeout = 0");
  await holder.query("SELECT count(*) FROM jobs");
  const rates = [];
  for (let round = 0; round < 6; ++round) rates.push((await bench.drainOurs(jobs)).rate);
  await holder.end();
  await worker.stop();
  const last = rates.at(-1) / rates[0];
  goals.push(goal("under a held snapshot, sixth 100,000 to the first", { median: last, min: last, max: last }, 0.5));
  rows.push([`held snapshot, rounds 1 to 6`, rates.map(whole).join(", ")]);
}

export async function jobs({ rounds: count }) {
  const bench = await Bench.set();
  const strike = () => bench.strike().then(() => process.exit(130));
  process.once("SIGINT", strike).once("SIGTERM", strike);
  const goals = [];
  const rows = [];
  try {
    const first = await bench.peer("batched"); // Makes its schema.
    await first.stop();
    await batched(bench, count, goals, rows);
    await unbatched(bench, count, goals, rows);
    await latency(bench, count, goals, rows);
    await heldSnapshot(bench, goals, rows);
  } finally {
    process.off("SIGINT", strike).off("SIGTERM", strike);
    await bench.strike();
  }
  return [table(goalHead, goals), "", table(["what", "a second, or as said"], rows)].join("\n");
}
