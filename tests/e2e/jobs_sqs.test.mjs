// JOB_QUEUE=sqs: jobs handed out by way of SQS. Whatever SQS does to messages, each job finishes once.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { request, signInAdmin } from "./api_client.mjs";
import { JobProcessor, Jobs } from "./job_processor.mjs";
import { eventually, run, sharedScope, ShowrunnerServer } from "./showrunner_server.mjs";
import { SqsClient, startSqs } from "./sqs_server.mjs";

const scope = sharedScope();
const sqs = await startSqs();
const skip = sqs ? false : "npm has not supplied fauxqs";
const queue = "showrunner-default";
const lease = 3;
let client;
let server;
let admin;
let jobs;
let env;

before(async () => {
  if (skip) return;
  scope.after(() => sqs.end());
  client = new SqsClient(sqs);
  env = {
    ...client.env,
    JOB_QUEUE: "sqs",
    SHOWRUNNER_SQS_RESEND_S: "2",
    SHOWRUNNER_JOB_LEASE_S: String(lease),
  };
  server = await ShowrunnerServer.start(scope, { env: { ...env, SHOWRUNNER_JOB_CONCURRENCY: "0" } });
  admin = await signInAdmin(server);
  jobs = new Jobs(server);
});

function work(t, options = {}) {
  return JobProcessor.start(t, server, { ...options, env: { ...env, ...options.env } });
}

async function create(args = {}, more = {}) {
  return (await admin.need("POST", "/jobs", { type: "check", args, ...more })).id;
}

function createMany(count, args) {
  return Promise.all(Array.from({ length: count }, () => create(args)));
}

function over(id, status = "completed", deadline = 30_000) {
  const check = async () => {
    const job = await admin.need("GET", `/jobs/${id}`);
    return job.status === status && job;
  };
  return eventually(`the job is ${status}`, check, deadline);
}

async function events(id) {
  const rows = await jobs.rows(
    `SELECT type, count(*) FROM events WHERE resource_id = '${id}' GROUP BY 1 ORDER BY 1`,
  );
  return Object.fromEntries(rows.map(([type, n]) => [type, Number(n)]));
}

/** Ids of those that have not exactly one completion. */
async function notOnce(ids) {
  const list = ids.map((id) => `'${id}'`).join(",");
  return jobs.rows(
    `SELECT t.id FROM unnest(ARRAY[${list}]::uuid[]) AS t(id) WHERE (SELECT count(*) FROM events e
       WHERE e.resource_id = t.id AND e.type = 'job_completed') <> 1
       OR NOT EXISTS (SELECT FROM jobs_finished f WHERE f.id = t.id AND f.status = 'completed')`,
  );
}

function empty(name = queue) {
  return eventually(`${name} is empty`, async () => {
    const depth = await client.depth(name);
    return depth.every((count) => count === 0);
  });
}

/** Visible, or handed out to somebody who is gone. */
function allSent(count) {
  return eventually("all are sent", async () => {
    const [visible, inFlight] = await client.depth(queue).catch(() => []);
    return visible + inFlight === count;
  });
}

async function metric(name) {
  const { text } = await request(server, "GET", "/metrics");
  return Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1]);
}

test("jobs run by way of SQS, which is empty in the end", { skip }, async (t) => {
  const ids = await createMany(50);
  await allSent(50);
  assert.equal(await metric('showrunner_sqs_messages_total\\{outcome="sent"\\}'), 50);
  const processor = await work(t);
  for (const id of ids) await over(id);
  ids.push(...(await createMany(50)));
  for (const id of ids) await over(id);
  assert.deepEqual(await notOnce(ids), []);
  await empty();
  assert.equal(await processor.end(), 0);
});

test("a message that comes again and again, also afterwards, completes nothing twice", { skip }, async (t) => {
  const id = await create({ duration_ms: 300 });
  const message = { job_id: id, lease: 0 };
  for (let n = 0; n < 20; ++n) await client.send(queue, message);
  await work(t, { concurrency: 50 });
  await work(t, { concurrency: 50 });
  for (let n = 0; n < 20; ++n) await client.send(queue, message);
  await over(id);
  for (let n = 0; n < 20; ++n) await client.send(queue, message);
  for (const nonsense of ["no JSON", "[]", '{"job_id":"x"}', '{"job_id":7}', "{}"]) {
    await client.send(queue, nonsense);
  }
  await client.send(queue, { job_id: "01890000-0000-7000-8000-000000000000", lease: 1 });
  await empty();
  assert.deepEqual(await events(id), { job_completed: 1, job_created: 1, job_started: 1 });
});

test("what is due later comes later: soon by SQS, far ahead from PostgreSQL", { skip }, async (t) => {
  await work(t);
  const at = (ms) => new Date(Date.now() + ms).toISOString();
  const soon = await create({}, { run_at: at(2500) });
  const far = await create({}, { run_at: at(3_600_000) });
  const job = await over(soon);
  assert.ok(Date.parse(job.started_at) >= Date.parse(job.run_at));
  const late = Date.parse(job.started_at) - Date.parse(job.run_at);
  // SQS may hand a message to somebody who has hung up: then it comes when that lease is over.
  assert.ok(late < 3000 + 1000 * lease, `${late} ms late`);
  assert.equal(await jobs.value(`SELECT sent_at IS NULL FROM jobs WHERE id = '${far}'`), "t");
  await admin.need("POST", `/jobs/${far}/retry`);
  await over(far);
});

test("an attempt that fails is sent again, with its delay", { skip }, async (t) => {
  await work(t);
  const id = await create({ fail_attempts: 2 });
  const dead = await create({ fail_for_good: true });
  const job = await over(id);
  assert.equal(job.attempt, 3);
  assert.deepEqual(await events(id), { job_completed: 1, job_created: 1, job_retry: 2, job_started: 3 });
  await over(dead, "failed");
  await admin.need("POST", `/jobs/${dead}/retry`);
  await eventually("it has failed twice", async () => (await events(dead)).job_failed === 2);
  await empty();
});

test("kill -9 of a processor: its jobs run again elsewhere within the lease and 5 s", { skip }, async (t) => {
  const victim = await work(t, { concurrency: 20 });
  const ids = await createMany(20, { duration_ms: 600_000 });
  await eventually("all run", async () => (await jobs.running("default")) === 20);
  await victim.end("SIGKILL");
  const killed = Date.now();
  await jobs.rows(`UPDATE jobs SET args = '{"duration_ms":100}'`);
  await work(t, { concurrency: 20 });
  for (const id of ids) await over(id);
  const delay = (Date.now() - killed) / 1000;
  t.diagnostic(`all were done ${delay.toFixed(1)} s after the kill, lease ${lease} s`);
  assert.ok(delay < lease + 7, `${delay} s`);
  assert.deepEqual(await notOnce(ids), []);
  for (const id of ids) assert.equal((await events(id)).job_started, 2);
  await empty();
});

test("a long job keeps its message and its lease", { skip }, async (t) => {
  await work(t, { concurrency: 2 });
  await work(t, { concurrency: 2 });
  const id = await create({ duration_ms: 3000 * lease });
  await over(id);
  assert.deepEqual(await events(id), { job_completed: 1, job_created: 1, job_started: 1 });
});

test("SQS goes away and comes back under load", { skip }, async (t) => {
  const processor = await work(t, { concurrency: 4 });
  const ids = await createMany(60, { duration_ms: 100 });
  await eventually("some are done", async () => (await jobs.finished("default")) > 10);
  await sqs.stop();
  ids.push(...(await createMany(60, { duration_ms: 100 })));
  await eventually("that is noticed", () => server.logged("sqs_away").length === 1);
  assert.equal(await metric("showrunner_sqs_up"), 0);
  const before = await jobs.count("jobs_finished");
  await eventually(
    "jobs are taken from PostgreSQL meanwhile",
    async () => (await jobs.count("jobs_finished")) > before + 20,
  );
  await sqs.start();
  ids.push(...(await createMany(30, { duration_ms: 10 })));
  for (const id of ids) await over(id);
  assert.deepEqual(await notOnce(ids), []);
  await eventually("that is noticed", () => server.logged("sqs_back").length === 1);
  assert.equal(processor.logged("sqs_away").length, 1, "an outage is said once");
  assert.equal(server.logged("sqs_away").length, 1, "an outage is said once");
  await empty();
});

test("messages that got lost are sent again", { skip }, async (t) => {
  const ids = await createMany(20);
  await allSent(20);
  await client.purge(queue);
  await eventually("they are", async () => (await metric("showrunner_sqs_resent_total")) >= 20);
  await work(t);
  for (const id of ids) await over(id);
  assert.deepEqual(await notOnce(ids), []);
});

test("a message that SQS gave up makes its job a dead letter, if it still waits", { skip }, async (t) => {
  const id = await create();
  const gone = await create();
  await admin.need("POST", `/jobs/${gone}/cancel`);
  const dead = `${queue}-dead`;
  await eventually("there are queues", () => client.url(dead).catch(() => undefined));
  await client.send(dead, { job_id: id, lease: 7 });
  await client.send(dead, { job_id: gone, lease: 0 });
  await client.send(dead, "nonsense");
  await empty(dead);
  assert.equal((await admin.need("GET", `/jobs/${id}`)).status, "pending", "that lease is another");
  await client.send(dead, { job_id: id, lease: 0 });
  const job = await over(id, "failed");
  assert.equal(job.error.code, "UNDELIVERABLE");
  assert.equal((await events(id)).job_failed, 1);
  assert.equal((await admin.need("GET", `/jobs/${gone}`)).status, "cancelled");
  await work(t);
  await admin.need("POST", `/jobs/${id}/retry`);
  await over(id);
  await empty();
});

test("cancelling stops what waits and what runs", { skip }, async (t) => {
  const waits = await create();
  await admin.need("POST", `/jobs/${waits}/cancel`);
  await work(t);
  const runs = await create({ duration_ms: 600_000 });
  await over(runs, "processing");
  await admin.need("POST", `/jobs/${runs}/cancel`);
  await over(runs, "cancelled");
  await empty();
  assert.equal((await events(waits)).job_started, undefined);
});

test("a paused queue, and one with limits, hold their jobs back and lose none", { skip }, async (t) => {
  const set = (settings) => admin.need("PATCH", "/jobs/queues/default", settings);
  await set({ paused: true });
  await work(t);
  const ids = await createMany(12, { duration_ms: 50 });
  await allSent(12);
  assert.equal(await jobs.running("default"), 0);
  await set({ paused: false, concurrency: 1 });
  let most = 0;
  await eventually("all are done, one after the other", async () => {
    most = Math.max(most, await jobs.running("default"));
    return (await notOnce(ids)).length === 0;
  }, 60_000);
  assert.equal(most, 1);
  await set({ concurrency: null });
  await empty();
});

test("an orderly end gives back what waits and what runs", { skip }, async (t) => {
  const first = await work(t, { concurrency: 2, env: { SHOWRUNNER_JOB_DRAIN_TIMEOUT_MS: "200" } });
  const ids = await createMany(10, { duration_ms: 2000 });
  await eventually("two run", async () => (await jobs.running("default")) === 2);
  assert.equal(await first.end(), 0);
  assert.equal(await jobs.running("default"), 0);
  await work(t, { concurrency: 10 });
  for (const id of ids) await over(id);
  assert.deepEqual(await notOnce(ids), []);
  await empty();
});

test("what is missing is said at the start", { skip }, async () => {
  const start = async (variables) => {
    const ended = await run(["work", "--data-dir", server.dataDir], { env: variables });
    assert.notEqual(ended.code, 0);
    return ended.err;
  };
  assert.match(await start({ JOB_QUEUE: "sqs" }), /needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/);
  const keys = { JOB_QUEUE: "sqs", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
  assert.match(await start(keys), /needs AWS_REGION/);
  assert.match(await start({ JOB_QUEUE: "redis" }), /job_queue must be postgres or sqs/);
});
