// Processors that are killed, frozen and stopped, and a PostgreSQL that goes away: no job is lost,
// and each finishes exactly once.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import { ApiClient, request, signInAdmin } from "./api_client.mjs";
import { JobProcessor, Jobs, restartPostgres } from "./job_processor.mjs";
import { eventually, sharedScope, ShowrunnerServer } from "./showrunner_server.mjs";

const scope = sharedScope();
const lease = 3;
const short = { SHOWRUNNER_JOB_LEASE_S: String(lease) };
const long = { duration_ms: 600_000 };
let server;
let admin;
let jobs;

before(async () => {
  server = await ShowrunnerServer.start(scope, { env: { SHOWRUNNER_JOB_CONCURRENCY: "0" } });
  admin = await signInAdmin(server);
  jobs = new Jobs(server);
});

/** What runs, or waits, will be short at its next attempt. */
function shorten(queue, ms = 100) {
  return jobs.rows(`UPDATE jobs SET args = '{"duration_ms":${ms}}' WHERE queue = '${queue}'`);
}

function allRun(queue, count) {
  return eventually(`${count} jobs run`, async () => (await jobs.running(queue)) === count);
}

/** Not only claimed: their handlers have reported. */
function allReport(queue, count) {
  const reported = `jobs WHERE queue = '${queue}' AND status = 'processing' AND progress IS NOT NULL`;
  return eventually(`${count} jobs report`, async () => (await jobs.count(reported)) === count);
}

test("kill -9 of a processor with 1,000 jobs: all run again within lease + 5 s", async (t) => {
  const options = { queues: "kill", concurrency: 1000, env: short };
  const victim = await JobProcessor.start(t, server, options);
  await jobs.insert(1000, "kill", long);
  await allRun("kill", 1000);
  await victim.end("SIGKILL");
  const killed = await jobs.value("SELECT now()");
  await shorten("kill", 500);
  await JobProcessor.start(t, server, options);
  await jobs.allFinished("kill", 1000);
  const delay = await jobs.value(
    `SELECT extract(epoch FROM max(started_at) - '${killed}') FROM jobs_finished WHERE queue = 'kill'`,
  );
  t.diagnostic(`all run again ${Number(delay).toFixed(1)} s after the kill, lease ${lease} s`);
  assert.ok(Number(delay) <= lease + 5, `${delay} s`);
  assert.deepEqual(await jobs.events("kill"), {
    job_started: 2000,
    job_retry: 1000,
    job_completed: 1000,
  });
  assert.equal(await jobs.twice("job_completed", "kill"), 0);
  assert.equal(await jobs.count("jobs WHERE queue = 'kill'"), 0);
  const ended = "jobs_finished WHERE queue = 'kill' AND attempt = 2 AND lease = 2";
  assert.equal(await jobs.count(`${ended} AND result ->> 'attempt' = '2'`), 1000);
  assert.equal(
    await jobs.count(
      `job_attempts a JOIN jobs_finished f ON f.id = a.job_id WHERE f.queue = 'kill'
         AND a.outcome = 'lost' AND a.attempt = 1`,
    ),
    1000,
  );
});

test("a processor that was frozen overwrites nothing, and works on", async (t) => {
  const pidFile = path.join(server.dataDir, "postgres", "postmaster.pid");
  const folder = readFileSync(pidFile, "utf8").split("\n")[4];
  let frozen;
  t.after(() => frozen.process.kill("SIGCONT"));
  frozen = await ShowrunnerServer.start(t, {
    env: {
      ...short,
      DATABASE_URL: `host=${folder} dbname=showrunner user=showrunner`,
      SHOWRUNNER_JOB_QUEUES: "freeze",
      SHOWRUNNER_JOB_POLL_INTERVAL_MS: "200",
    },
  });
  const at = new ApiClient(frozen, { token: admin.token, user: admin.user });
  const stale = async () => {
    const { text } = await request(frozen, "GET", "/metrics");
    return Number(/showrunner_jobs_ended_total\{outcome="stale"\} (\d+)/.exec(text)?.[1] ?? 0);
  };
  // One is at its end when the process wakes up, the other in the middle.
  const ids = [
    ...(await jobs.insert(1, "freeze", { duration_ms: 4000 })),
    ...(await jobs.insert(1, "freeze", long)),
  ];
  await allRun("freeze", 2);
  frozen.process.kill("SIGSTOP");
  await shorten("freeze");
  const other = await JobProcessor.start(t, server, { queues: "freeze", env: short });
  await jobs.allFinished("freeze", 2);
  await eventually("the first would be at its end", async () => {
    const passed = `SELECT now() > created_at + interval '4 s' FROM jobs_finished WHERE id = '${ids[0]}'`;
    return (await jobs.value(passed)) === "t";
  });
  assert.equal(await other.end(), 0);
  const before = await jobs.rows("SELECT * FROM jobs_finished WHERE queue = 'freeze' ORDER BY id");
  frozen.process.kill("SIGCONT");
  await eventually("both are counted as stale", async () => (await stale()) === 2);
  const after = await jobs.rows("SELECT * FROM jobs_finished WHERE queue = 'freeze' ORDER BY id");
  assert.deepEqual(after, before);
  assert.deepEqual(await jobs.events("freeze"), { job_started: 4, job_retry: 2, job_completed: 2 });
  for (const id of ids) {
    const job = await at.need("GET", `/jobs/${id}`);
    assert.deepEqual([job.status, job.attempt, job.result], ["completed", 2, { attempt: 2 }]);
    const [attempt] = await at.need("GET", `/jobs/${id}/attempts`);
    assert.equal(attempt.outcome, "lost");
  }
  await jobs.insert(1, "freeze", { duration_ms: 1 });
  await jobs.allFinished("freeze", 3);
  assert.equal(await stale(), 2);
});

test("a processor that was frozen and gets its own job again runs it once", async (t) => {
  const alone = await JobProcessor.start(t, server, { queues: "alone", env: short });
  const [id] = await jobs.insert(1, "alone", long);
  await allRun("alone", 1);
  alone.process.kill("SIGSTOP");
  await shorten("alone");
  await eventually("the job is lost", () =>
    jobs.value(`SELECT 1 FROM job_attempts WHERE job_id = '${id}' AND outcome = 'lost'`),
  );
  alone.process.kill("SIGCONT");
  await jobs.allFinished("alone", 1);
  assert.deepEqual(await jobs.events("alone"), { job_started: 2, job_retry: 1, job_completed: 1 });
  assert.equal(await alone.end(), 0, "nothing of the first attempt is left");
  const lines = await jobs.rows(`SELECT attempt, text FROM job_log WHERE job_id = '${id}' ORDER BY seq`);
  assert.deepEqual(lines, [["1", "begun"], ["2", "begun"], ["2", "done"]]);
});

test("a stop drains: what ends in time completes, the rest is given back uncounted", async (t) => {
  const env = { SHOWRUNNER_JOB_DRAIN_TIMEOUT_MS: "4000" };
  const stopping = await JobProcessor.start(t, server, { queues: "drain", env });
  await jobs.insert(5, "drain", long);
  await jobs.insert(5, "drain", { duration_ms: 2000 });
  await allReport("drain", 10);
  stopping.process.kill("SIGTERM");
  await eventually("it stops", () => stopping.logged("stopping").length > 0);
  await jobs.insert(1, "drain", { duration_ms: 1 });
  assert.equal(await stopping.ended(), 0);
  assert.equal(await jobs.finished("drain"), 5);
  const waiting = "jobs WHERE queue = 'drain' AND status = 'pending' AND attempt = 0";
  assert.equal(await jobs.count(`${waiting} AND lease = 1`), 5);
  assert.equal(await jobs.count(`${waiting} AND lease = 0`), 1, "it takes nothing new");
  const released = "job_attempts a JOIN jobs j ON j.id = a.job_id WHERE queue = 'drain'";
  assert.equal(await jobs.count(`${released} AND outcome = 'released'`), 5);
  await shorten("drain");
  const other = await JobProcessor.start(t, server, { queues: "drain" });
  await jobs.allFinished("drain", 11);
  assert.equal(await other.end(), 0);
  assert.deepEqual(await jobs.events("drain"), { job_started: 16, job_completed: 11 });
  assert.equal(await jobs.count("jobs_finished WHERE queue = 'drain' AND attempt = 1"), 11);
});

test("a second signal ends a processor at once, and gives its jobs back all the same", async (t) => {
  for (const second of ["SIGTERM", "SIGINT"]) {
    const queue = `hurry-${second.toLowerCase()}`;
    const stopping = await JobProcessor.start(t, server, { queues: queue });
    await jobs.insert(3, queue, long);
    await allReport(queue, 3);
    stopping.process.kill("SIGTERM");
    await eventually("it stops", () => stopping.logged("stopping").length > 0);
    assert.equal(await jobs.running(queue), 3);
    const begin = Date.now();
    assert.equal(await stopping.end(second), 0);
    assert.ok(Date.now() - begin < 10_000, "it waits 25 s for jobs otherwise");
    assert.equal(await jobs.count(`jobs WHERE queue = '${queue}' AND status = 'pending' AND attempt = 0`), 3);
    await jobs.rows(`DELETE FROM jobs WHERE queue = '${queue}'`);
  }
});

test("two processors share a queue fairly", async (t) => {
  const options = { queues: "fair", concurrency: 10 };
  await Promise.all([1, 2].map(() => JobProcessor.start(t, server, options)));
  await jobs.insert(400, "fair", { duration_ms: 50 });
  await jobs.rows("SELECT pg_notify('showrunner', 'test jobs.ready fair')");
  await jobs.allFinished("fair", 400);
  const shares = await jobs.rows("SELECT count(*) FROM jobs_finished WHERE queue = 'fair' GROUP BY worker");
  t.diagnostic(`shares of 400: ${shares.join(" and ")}`);
  assert.equal(shares.length, 2);
  for (const [share] of shares) assert.ok(share >= 140 && share <= 260, `${shares}`);
});

/** A steady flow of jobs until stopped; `inserted` counts those that PostgreSQL has confirmed. */
class Flow {
  inserted = 0;
  goesOn = true;

  constructor(queue) {
    this.queue = queue;
    this.ended = this.run();
  }

  async run() {
    const waiting = `jobs WHERE queue = '${this.queue}'`;
    // Not a number while PostgreSQL is away.
    const hasRoom = async () => (await jobs.count(waiting).catch(() => NaN)) <= 200;
    while (this.goesOn) {
      await eventually("there is room for more", async () => !this.goesOn || (await hasRoom()));
      const ids = await jobs.insert(200, this.queue, { duration_ms: 20 }).catch(() => []);
      this.inserted += ids.length;
    }
  }

  async stop() {
    this.goesOn = false;
    await this.ended;
  }
}

function median(numbers) {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

test("backends killed and PostgreSQL restarted under load: nothing lost, the rate comes back", async (t) => {
  const options = { queues: "flow", concurrency: 10, env: short };
  const processor = await JobProcessor.start(t, server, options);
  const clock = () => jobs.value("SELECT extract(epoch FROM clock_timestamp())").then(Number);
  const passes = async (count) => {
    const from = await jobs.finished("flow");
    await jobs.allFinished("flow", from + count);
  };
  const observe = async () => {
    const from = await clock();
    await eventually("the time is over", async () => (await clock()) > from + 2.5);
    return from;
  };
  const rate = async (from) => {
    const windows = await jobs.rows(
      `SELECT count(f.id) FROM generate_series(0, 4) AS n LEFT JOIN jobs_finished f ON
         extract(epoch FROM finished_at) BETWEEN ${from} + n * 0.5 AND ${from} + (n + 1) * 0.5
         GROUP BY n`,
    );
    return median(windows.map(([count]) => 2 * Number(count)));
  };
  const flow = new Flow("flow");
  await passes(100);
  const calm = await observe();
  for (let round = 0; round < 5; ++round) {
    await jobs.terminateBackends();
    await passes(20);
  }
  await restartPostgres(server);
  await eventually("PostgreSQL answers", () => jobs.finished("flow").catch(() => 0));
  await passes(200);
  const recovered = await observe();
  await flow.stop();
  await eventually("the rest is done", async () =>
    (await jobs.count("jobs WHERE queue = 'flow'")) === 0,
  );
  const [usual, again] = [await rate(calm), await rate(recovered)];
  t.diagnostic(`jobs/s before ${usual}, after ${again}: ${(again / usual).toFixed(2)}`);
  assert.ok(again >= usual / 2, `${again} of ${usual} jobs/s`);
  assert.ok(processor.running);
  const finished = await jobs.finished("flow");
  assert.ok(finished >= flow.inserted, `${finished} of ${flow.inserted}`);
  assert.equal(await jobs.count("jobs_dead WHERE queue = 'flow'"), 0);
  assert.equal((await jobs.events("flow")).job_completed, finished);
  assert.equal(await jobs.twice("job_completed", "flow"), 0);
  assert.equal(await processor.end(), 0);
});
