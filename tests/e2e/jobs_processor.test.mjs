// What people ask of jobs, done by a processor in another process than the server that is asked.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { request, signInAdmin } from "./api_client.mjs";
import { JobProcessor, Jobs } from "./job_processor.mjs";
import { eventually, sharedScope, ShowrunnerServer } from "./showrunner_server.mjs";

const scope = sharedScope();
let server;
let admin;
let jobs;
let processor;

before(async () => {
  server = await ShowrunnerServer.start(scope, { env: { SHOWRUNNER_JOB_CONCURRENCY: "0" } });
  admin = await signInAdmin(server);
  jobs = new Jobs(server);
  processor = await JobProcessor.start(scope, server, { queues: "work,other" });
});

function create(args = {}, more = {}) {
  return admin.need("POST", "/jobs", { type: "check", queue: "work", args, ...more });
}

function get(job) {
  return admin.need("GET", `/jobs/${job.id}`);
}

function becomes(job, status, deadline) {
  const check = async () => {
    const now = await get(job);
    return now.status === status && now;
  };
  return eventually(`the job is ${status}`, check, deadline);
}

/** What the ledger has of the job: `[type, payload]`. */
async function story(job) {
  const events = await jobs.rows(
    `SELECT type, payload FROM events WHERE resource_id = '${job.id}' ORDER BY txid, seq`,
  );
  return events.map(([type, payload]) => [type, JSON.parse(payload)]);
}

async function types(job) {
  return (await story(job)).map(([type]) => type);
}

/** Whatever the processor would take by now, it has taken. */
async function processorHasLooked() {
  await becomes(await create({}, { queue: "other" }), "completed");
  await becomes(await create({}, { queue: "other" }), "completed");
}

test("a server with job_concurrency 0 takes nothing; the processor only its queues", async () => {
  const job = await create({}, { queue: "default" });
  await processorHasLooked();
  assert.equal((await get(job)).status, "pending");
  assert.deepEqual(await types(job), ["job_created"]);
  const workers = await admin.need("GET", "/jobs/workers");
  assert.deepEqual(workers.map(({ kind, queues }) => [kind, queues]), [["processor", ["work", "other"]]]);
  await admin.need("POST", `/jobs/${job.id}/cancel`);
});

test("with nothing to do a processor does nothing", async () => {
  const [cpu, begin] = [processor.cpuMs(), Date.now()];
  await eventually("a while has passed", () => Date.now() > begin + 1000);
  const used = (processor.cpuMs() - cpu) / (Date.now() - begin);
  assert.ok(used < 0.5, `it uses ${Math.round(100 * used)} % of a core`);
});

test("a job that waits is cancelled at once, and can be run again", async () => {
  const job = await create({}, { run_at: "2100-01-01T00:00:00Z" });
  assert.equal((await admin.need("POST", `/jobs/${job.id}/cancel`)).status, "cancelled");
  const over = await admin.post(`/jobs/${job.id}/cancel`);
  assert.deepEqual([over.status, over.body.code], [409, "JOB_IS_OVER"]);
  await admin.need("POST", `/jobs/${job.id}/retry`);
  await becomes(job, "completed");
  const expected = ["job_created", "job_cancelled", "job_retried", "job_started", "job_completed"];
  assert.deepEqual(await types(job), expected);
  const again = await admin.post(`/jobs/${job.id}/retry`);
  assert.deepEqual([again.status, again.body.code], [409, "JOB_CANNOT_RUN_AGAIN"]);
});

test("a job that runs elsewhere is cancelled within two seconds, with the signal or without", async (t) => {
  const long = { duration_ms: 600_000 };
  const ways = {
    "the signal": (job) => admin.need("POST", `/jobs/${job.id}/cancel`),
    // As when the notification is lost: the heartbeat brings it.
    "the heartbeat": (job) =>
      jobs.rows(`UPDATE jobs SET cancel_requested_at = now() WHERE id = '${job.id}'`),
  };
  for (const [way, cancel] of Object.entries(ways)) {
    const job = await create(long);
    await becomes(job, "processing");
    const asked = Date.now();
    await cancel(job);
    await becomes(job, "cancelled");
    assert.deepEqual(await types(job), ["job_created", "job_started", "job_cancelled"]);
    const [attempt] = await admin.need("GET", `/jobs/${job.id}/attempts`);
    assert.equal(attempt.outcome, "cancelled");
    const took = Date.parse(attempt.ended_at) - asked;
    t.diagnostic(`by ${way}: over ${took} ms after it was asked for`);
    assert.ok(took < 2000, `${took} ms by ${way}`);
  }
});

test("a job that ends while it is cancelled ends once, one way or the other", async (t) => {
  const single = await JobProcessor.start(t, server, { queues: "race", concurrency: 20 });
  // When the process wakes up, half of them are at their end, and all of them are to be cancelled.
  const durations = [2500, 600_000, 2500, 600_000, 2500, 600_000];
  const all = await Promise.all(
    durations.map((duration_ms) => create({ duration_ms }, { queue: "race" })),
  );
  await eventually("they run", async () => (await jobs.running("race")) === all.length);
  single.process.kill("SIGSTOP");
  const frozen = Date.now();
  for (const job of all) await admin.need("POST", `/jobs/${job.id}/cancel`);
  await eventually("half of them are at their end", () => Date.now() > frozen + 2600);
  single.process.kill("SIGCONT");
  await eventually("they are over", async () => (await jobs.count("jobs WHERE queue = 'race'")) === 0);
  for (const [n, job] of all.entries()) {
    const { status } = await get(job);
    const possible = durations[n] === 2500 ? ["completed", "cancelled"] : ["cancelled"];
    assert.ok(possible.includes(status), status);
    assert.deepEqual(await types(job), ["job_created", "job_started", `job_${status}`]);
  }
});

test("a job that fails is tried again, later", async () => {
  const job = await create({ fail_attempts: 1 });
  const done = await becomes(job, "completed");
  assert.deepEqual([done.attempt, done.result], [2, { attempt: 2 }]);
  const events = await story(job);
  const expected = ["job_created", "job_started", "job_retry", "job_started", "job_completed"];
  assert.deepEqual(events.map(([type]) => type), expected);
  const { retryCount, delay, error } = events[2][1];
  assert.deepEqual([retryCount, error], [1, "Told to fail."]);
  assert.ok(delay >= 1000 && delay <= 2000, `${delay} ms`);
  const [attempt] = await admin.need("GET", `/jobs/${job.id}/attempts`);
  assert.deepEqual([attempt.outcome, attempt.error.code], ["failed", "CHECK"]);
  const waited = Date.parse(done.started_at) - Date.parse(attempt.ended_at);
  assert.ok(waited >= delay - 1, `${waited} of ${delay} ms`);
});

test("a job that fails every time is a dead letter; it can be retried, by id and by filter", async () => {
  const worn = await create({ fail_attempts: 1 }, { max_attempts: 1 });
  const bad = await create({ fail_for_good: true });
  await becomes(worn, "failed");
  assert.equal((await becomes(bad, "failed")).attempt, 1, "no further attempt would help");
  for (const [job, exhausted] of [[worn, true], [bad, false]]) {
    const [type, payload] = (await story(job)).at(-1);
    assert.deepEqual([type, payload.retriesExhausted], ["job_failed", exhausted]);
  }
  const dead = async () => (await admin.need("GET", "/jobs/dead?queue=work")).map(({ id }) => id);
  assert.deepEqual((await dead()).sort(), [worn.id, bad.id].sort());
  const mend = () => jobs.rows(`UPDATE jobs_dead SET args = '{}' WHERE queue = 'work'`);
  await admin.need("POST", `/jobs/${worn.id}/retry`);
  await eventually("it failed again", async () => {
    const now = await get(worn);
    return now.status === "failed" && now.retries === 1;
  });
  await mend();
  await admin.need("POST", `/jobs/${worn.id}/retry`);
  assert.deepEqual([(await becomes(worn, "completed")).retries, await dead()], [2, [bad.id]]);
  const retry = (filter) => admin.need("POST", "/jobs/dead/retry", { queue: "work", ...filter });
  assert.deepEqual(await retry({ code: "TIMED_OUT" }), { retried: 0 });
  assert.deepEqual(await retry({ code: "CHECK" }), { retried: 1 });
  await becomes(bad, "completed");
  assert.deepEqual(await dead(), []);
});

test("one job at a time has a unique key", async () => {
  const later = { unique_key: "k", run_at: "2100-01-01T00:00:00Z" };
  const input = { type: "check", queue: "work", ...later };
  const answers = await Promise.all(Array.from({ length: 10 }, () => admin.post("/jobs", input)));
  assert.deepEqual(answers.map(({ status }) => status).sort().slice(8), [200, 201]);
  assert.equal(new Set(answers.map(({ body }) => body.data.id)).size, 1);
  const [{ body }] = answers;
  await admin.need("POST", `/jobs/${body.data.id}/retry`);
  await becomes(body.data, "completed");
  const next = await admin.post("/jobs", { ...input, run_at: undefined });
  assert.equal(next.status, 201);
  await becomes(next.body.data, "completed");
});

test("a paused queue waits; when it goes on, the urgent come first", async (t) => {
  await admin.need("PATCH", "/jobs/queues/turns", { paused: true, concurrency: 1 });
  await JobProcessor.start(t, server, { queues: "turns,seen" });
  const made = {};
  for (const priority of [9, 5, 0, 5]) {
    const job = await create({ duration_ms: 20 }, { queue: "turns", priority });
    (made[priority] ??= []).push(job.id);
  }
  await becomes(await create({}, { queue: "seen" }), "completed");
  await becomes(await create({}, { queue: "seen" }), "completed");
  assert.equal(await jobs.count("jobs WHERE queue = 'turns' AND status = 'pending'"), 4);
  await admin.need("PATCH", "/jobs/queues/turns", { paused: false });
  await jobs.allFinished("turns", 4);
  const order = await jobs.rows("SELECT id FROM jobs_finished WHERE queue = 'turns' ORDER BY started_at");
  assert.deepEqual(order.flat(), [...made[0], ...made[5], ...made[9]]);
});

test("what is for later comes when its time has come", async () => {
  const run_at = new Date(Date.now() + 1200).toISOString();
  const [soon, never] = [await create({}, { run_at }), await create({}, { run_at: "2100-01-01T00:00:00Z" })];
  const { started_at } = await becomes(soon, "completed");
  assert.ok(Date.parse(started_at) >= Date.parse(run_at));
  assert.equal((await get(never)).status, "pending");
  await admin.need("POST", `/jobs/${never.id}/cancel`);
});

test("a queue's limit holds over two processors", async (t) => {
  await admin.need("PATCH", "/jobs/queues/narrow", { concurrency: 3 });
  for (const _ of [1, 2]) await JobProcessor.start(t, server, { queues: "narrow" });
  await jobs.insert(30, "narrow", { duration_ms: 100 });
  await jobs.allFinished("narrow", 30);
  const at_once = await jobs.value(
    `SELECT max(n) FROM (SELECT count(*) AS n FROM jobs_finished a JOIN jobs_finished b ON b.queue = 'narrow'
       AND b.started_at <= a.started_at AND b.finished_at > a.started_at WHERE a.queue = 'narrow' GROUP BY a.id) AS t`,
  );
  assert.ok(Number(at_once) <= 3, `${at_once} at once`);
});

test("a server that works for itself stops at a second signal", async (t) => {
  const own = await ShowrunnerServer.start(t);
  const boss = await signInAdmin(own);
  const job = await boss.need("POST", "/jobs", { type: "check", args: { duration_ms: 600_000 } });
  await eventually("it runs", async () =>
    /showrunner_jobs_running 1/.test((await request(own, "GET", "/metrics")).text),
  );
  own.process.kill("SIGTERM");
  await eventually("it stops", () => own.logged("stopping").length > 0);
  const begin = Date.now();
  assert.equal(await own.end("SIGTERM"), 0);
  assert.ok(Date.now() - begin < 15_000, "it waits 25 s for jobs otherwise");
  await own.launch();
  const now = await boss.need("GET", `/jobs/${job.id}`);
  assert.equal(now.attempt <= 1, true, "the attempt that was given back does not count");
  const [attempt] = await boss.need("GET", `/jobs/${job.id}/attempts`);
  assert.equal(attempt.outcome, "released");
  await boss.need("POST", `/jobs/${job.id}/cancel`);
});
