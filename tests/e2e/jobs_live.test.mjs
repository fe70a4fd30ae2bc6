// What others see of jobs, who may see it, and jobs that repeat: with several processes at work.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import { signInAdmin } from "./api_client.mjs";
import { JobProcessor, Jobs } from "./job_processor.mjs";
import { Listener } from "./listener.mjs";
import { eventually, sharedScope, ShowrunnerServer } from "./showrunner_server.mjs";

const scope = sharedScope();
let server;
let admin;
let jobs;

// Two servers and a processor on one database; only the first is asked, and it runs nothing.
before(async () => {
  server = await ShowrunnerServer.start(scope, { env: { SHOWRUNNER_JOB_CONCURRENCY: "0" } });
  const pidFile = path.join(server.dataDir, "postgres", "postmaster.pid");
  const folder = readFileSync(pidFile, "utf8").split("\n")[4];
  const url = `host=${folder} dbname=showrunner user=showrunner`;
  const fast = { SHOWRUNNER_JOB_POLL_INTERVAL_MS: "200" };
  await ShowrunnerServer.start(scope, { env: { DATABASE_URL: url, ...fast } });
  await JobProcessor.start(scope, server);
  admin = await signInAdmin(server);
  jobs = new Jobs(server);
});

function of(job) {
  return (event) => event.payload?.jobId === job.id;
}

test("others see a job begin, get on and end, also when it runs in another process", async (t) => {
  const editor = await admin.addAndSignIn("editor");
  const viewer = await admin.addAndSignIn("viewer");
  const listener = await new Listener(t, server, viewer.token).connected();
  const input = { type: "check", args: { duration_ms: 1500 } };
  const refused = await viewer.post("/jobs", input);
  assert.equal(refused.status, 403);
  const job = await editor.need("POST", "/jobs", input);
  assert.equal((await viewer.post(`/jobs/${job.id}/cancel`)).status, 403);
  await listener.event((event) => event.name === "job_completed" && of(job)(event));
  const seen = listener.events.filter(of(job));
  const kept = seen.filter(({ name }) => name !== "job_progress");
  assert.deepEqual(kept.map(({ name }) => name), ["job_created", "job_started", "job_completed"]);
  assert.ok(kept.every(({ offset }) => offset), "they can be replayed");
  assert.deepEqual(kept[2].payload.results, { attempt: 1 });
  const progress = seen.slice(seen.indexOf(kept[1]), seen.indexOf(kept[2])).slice(1);
  assert.ok(progress.length > 0, "progress comes in between");
  assert.ok(progress.every(({ offset }) => !offset), "progress is not kept");
  const percents = progress.map(({ payload }) => payload.progress);
  assert.deepEqual(percents, [...percents].sort((a, b) => a - b));
  assert.equal((await viewer.need("GET", `/jobs/${job.id}`)).status, "completed");
  const log = await viewer.need("GET", `/jobs/${job.id}/log`);
  assert.deepEqual(log.map(({ text }) => text), ["begun", "done"]);
});

test("what belongs to no show is for admins and for who started it", async (t) => {
  const [creator, other] = [await admin.addAndSignIn("editor"), await admin.addAndSignIn("editor")];
  const people = { admin, creator, other };
  const listeners = {};
  for (const [name, person] of Object.entries(people)) {
    listeners[name] = await new Listener(t, server, person.token).connected();
  }
  const [[id]] = await jobs.rows(
    `INSERT INTO jobs (id, type, queue, priority, max_attempts, created_by, created_by_name, created_at,
       run_at, args) VALUES (gen_random_uuid(), 'check', 'default', 5, 5, '${creator.user.id}', 'test',
       now(), '2100-01-01', '{"duration_ms":1000}') RETURNING id`,
  );
  const job = { id };
  const subscribe = (name) => listeners[name].ask("subscribe", { resourceType: "job", resourceId: id });
  assert.ok((await subscribe("creator")).ok !== false);
  assert.match(JSON.stringify(await subscribe("other")), /NOT_FOUND/);
  await admin.need("POST", `/jobs/${id}/retry`);
  for (const name of ["admin", "creator"]) {
    await listeners[name].event((event) => event.name === "job_completed" && of(job)(event));
    assert.ok(listeners[name].named("job_progress").some(of(job)), `${name} sees progress`);
  }
  // What everybody hears comes after whatever else the third would have heard.
  await admin.broadcast("marker");
  await listeners.other.event("marker");
  assert.deepEqual(listeners.other.events.filter(of(job)), []);
  for (const [name, person] of Object.entries(people)) {
    const sees = name !== "other";
    assert.equal((await person.need("GET", "/jobs")).some((each) => each.id === id), sees, name);
    const found = sees ? 200 : 404;
    for (const target of ["", "/log", "/attempts", "/files"]) {
      assert.equal((await person.get(`/jobs/${id}${target}`)).status, found, `${name} ${target}`);
    }
  }
  for (const verb of ["cancel", "retry"]) {
    assert.equal((await other.post(`/jobs/${id}/${verb}`)).status, 404);
    assert.equal((await creator.post(`/jobs/${id}/${verb}`)).status, 403, "that is for admins");
  }
  assert.ok(!JSON.stringify(await other.ledger()).includes(id));
  assert.ok(JSON.stringify(await admin.ledger()).includes(id));
  for (const target of ["/activities", "/notifications"]) {
    assert.ok(!(await other.get(target)).text.includes(id), target);
  }
});

function schedule(name, more = {}) {
  const input = { name, cron: "* * * * *", type: "check", args: {} };
  return admin.need("POST", "/jobs/schedules", { ...input, ...more });
}

function moveBack(made) {
  const past = "now() - interval '10 min 5 s'";
  return jobs.rows(`UPDATE job_schedules SET next_at = ${past} WHERE id = '${made.id}'`);
}

async function stateOf(made) {
  return (await admin.need("GET", "/jobs/schedules")).find(({ id }) => id === made.id);
}

function madeBy(name) {
  return jobs.rows(
    `SELECT id, status FROM jobs WHERE created_by_name = 'Schedule ${name}' UNION ALL
     SELECT id, status FROM jobs_finished WHERE created_by_name = 'Schedule ${name}'`,
  );
}

test("a schedule fires once, whoever looks; what was missed is one job", async () => {
  const slow = await schedule("Every minute");
  const begin = Date.now();
  await moveBack(slow);
  await eventually("it has fired", async () => (await stateOf(slow)).last_job);
  // By the time that others have fired twice after it, everybody has looked again.
  for (const name of ["Second", "Third"]) {
    const later = await schedule(name);
    await moveBack(later);
    await eventually("the next has fired", async () => (await stateOf(later)).last_job);
  }
  const fired = await stateOf(slow);
  await admin.need("PATCH", `/jobs/schedules/${slow.id}`, { paused: true });
  const made = await madeBy("Every minute");
  const minutes = Math.floor(Date.now() / 60_000) - Math.floor(begin / 60_000);
  assert.ok(made.length >= 1 && made.length <= 1 + minutes, `${made.length} in ${minutes} minutes`);
  assert.ok(Date.parse(fired.next_at) >= begin, "it goes on from now");
  await eventually("it has run", async () => (await madeBy("Every minute")).every(([, s]) => s === "completed"));
  const [[id]] = made;
  const types = await jobs.rows(`SELECT type FROM events WHERE resource_id = '${id}' ORDER BY txid, seq`);
  assert.deepEqual(types.flat(), ["job_created", "job_started", "job_completed"]);
});

test("a schedule that no longer fits stops no other, and shows as a dead letter", async () => {
  const wrong = await schedule("Wrong", { cron: "0 0 1 1 *" });
  await jobs.rows(`UPDATE job_schedules SET args = '{"unknown":1}' WHERE id = '${wrong.id}'`);
  const right = await schedule("Right", { cron: "0 0 1 1 *" });
  await moveBack(wrong);
  await moveBack(right);
  await eventually("the other fires", async () => (await stateOf(right)).last_job);
  const dead = await eventually("it is seen", async () => {
    const { last_job } = await stateOf(wrong);
    return (await admin.need("GET", "/jobs/dead")).find(({ id }) => id === last_job);
  });
  assert.equal(dead.attempt, 1, "no further attempt would help");
});
