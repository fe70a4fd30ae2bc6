// Workers of other languages: the HTTP contract, and the documented examples as they are.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ApiClient, signIn } from "./api_client.mjs";
import { Listener } from "./listener.mjs";
import { eventually, plainEnvironment, sharedScope, ShowrunnerServer } from "./showrunner_server.mjs";

const scope = sharedScope();
let server;
let admin;
let worker; // with an API token of the scope `worker`

before(async () => {
  server = await ShowrunnerServer.start(scope);
  admin = await signIn(server, server.adminEmail, server.adminPassword);
  const issued = await admin.need("POST", "/tokens", { name: "remote", scopes: ["worker"] });
  server.secrets.add(issued.token);
  worker = new ApiClient(server, { token: issued.token });
});

function create(type, args = {}, more = {}) {
  return admin.need("POST", "/jobs", { type, args, ...more });
}

function get(id) {
  return admin.need("GET", `/jobs/${id}`);
}

async function lease(queue, more = {}) {
  const jobs = await worker.need("POST", "/worker/lease", { worker: "test", queues: [queue], ...more });
  return jobs[0];
}

test("a job from lease to result, seen by who watches", async (t) => {
  const listener = await new Listener(t, server, admin.token).connected();
  const job = await create("remote.plain", { a: 1 });
  const leased = await lease("remote.plain", { wait_s: 5 });
  assert.deepEqual([leased.id, leased.attempt, leased.args], [job.id, 1, { a: 1 }]);
  const path = `/worker/jobs/${job.id}`;
  const beat = await worker.need("POST", `${path}/heartbeat`, {
    lease: leased.lease,
    progress: 40,
    message: "at it",
    log: ["first line", "second line"],
  });
  assert.equal(beat.cancel, false);
  await listener.event((event) => event.name === "job_progress" && event.payload.progress === 40);
  const during = await get(job.id);
  assert.deepEqual([during.status, during.progress, during.message], ["processing", 40, "at it"]);
  const lines = await admin.need("GET", `/jobs/${job.id}/log`);
  assert.deepEqual(lines.map((line) => line.text), ["first line", "second line"]);

  const upload = await worker.send("POST", `${path}/files?lease=${leased.lease}&name=a%20b.txt`, {
    raw: "what was made",
    headers: { "Content-Type": "text/plain" },
  });
  assert.equal(upload.status, 201, upload.text);
  await worker.need("POST", `${path}/complete`, { lease: leased.lease, result: { frames: 7 } });
  const after = await get(job.id);
  assert.deepEqual([after.status, after.result], ["completed", { frames: 7 }]);
  const [file] = await admin.need("GET", `/jobs/${job.id}/files`);
  const download = await admin.get(`/jobs/${job.id}/files/${file.id}`);
  assert.equal(download.text, "what was made");
  assert.match(download.headers.get("content-disposition"), /^attachment; filename="a b\.txt"/);
  await listener.event((event) => event.name === "job_completed" && event.payload.jobId === job.id);
  const shown = await admin.need("GET", "/jobs/workers");
  assert.ok(shown.some((each) => each.kind === "remote" && each.name === "test"));
});

test("a long poll ends when a job comes, and empty when none does", async () => {
  const waiting = lease("remote.poll", { wait_s: 20 });
  const job = await create("remote.poll");
  const began = Date.now();
  const leased = await waiting;
  assert.equal(leased.id, job.id);
  assert.ok(Date.now() - began < 10_000);
  assert.equal(await lease("remote.poll", { wait_s: 0 }), undefined);
});

test("a lease that is not the current one: 409, and nothing changes", async () => {
  const job = await create("remote.stale");
  const leased = await lease("remote.stale");
  const path = `/worker/jobs/${job.id}`;
  for (const [verb, body] of [
    ["heartbeat", {}],
    ["complete", { result: {} }],
    ["fail", { code: "X", message: "x" }],
  ]) {
    const answer = await worker.post(`${path}/${verb}`, { lease: leased.lease + 1, ...body });
    assert.deepEqual([answer.status, answer.body.code], [409, "STALE_LEASE"], verb);
  }
  assert.equal((await get(job.id)).status, "processing");
  await worker.need("POST", `${path}/complete`, { lease: leased.lease });
  const again = await worker.post(`${path}/complete`, { lease: leased.lease });
  assert.equal(again.status, 409);
});

test("failing: with back-off, at a time, for good; and giving back", async () => {
  const job = await create("remote.fail");
  const path = `/worker/jobs/${job.id}`;
  let leased = await lease("remote.fail");
  await worker.need("POST", `${path}/fail`, { lease: leased.lease, release: true });
  assert.equal((await get(job.id)).attempt, 0);
  leased = await lease("remote.fail");
  const failed = await worker.need("POST", `${path}/fail`, {
    lease: leased.lease,
    code: "RENDER_FAILED",
    message: "out of paint",
    retry_after_s: 3600,
  });
  assert.equal(failed.status, "pending");
  const waits = await get(job.id);
  assert.deepEqual(waits.error, { code: "RENDER_FAILED", message: "out of paint" });
  assert.ok(new Date(waits.run_at) - Date.now() > 3_000_000);
  await admin.need("POST", `/jobs/${job.id}/retry`);
  leased = await lease("remote.fail");
  const dead = await worker.need("POST", `${path}/fail`, { lease: leased.lease, retry: false });
  assert.equal(dead.status, "failed");
  const letters = await admin.need("GET", "/jobs/dead?type=remote.fail");
  assert.deepEqual(letters.map((letter) => letter.id), [job.id]);
});

test("a heartbeat answers that the job is cancelled", async () => {
  const job = await create("remote.cancel");
  const path = `/worker/jobs/${job.id}`;
  const leased = await lease("remote.cancel");
  await admin.need("POST", `/jobs/${job.id}/cancel`);
  const beat = await worker.need("POST", `${path}/heartbeat`, { lease: leased.lease });
  assert.equal(beat.cancel, true);
  // Also who only says that it failed is not tried again: it was to stop.
  const ended = await worker.need("POST", `${path}/fail`, { lease: leased.lease });
  assert.equal(ended.status, "cancelled");
  assert.equal((await get(job.id)).status, "cancelled");
});

test("a worker's token does this and nothing else; a person's does not", async () => {
  assert.equal((await worker.get("/jobs")).status, 403);
  assert.equal((await worker.post("/jobs", { type: "check" })).status, 403);
  const asAdmin = await admin.post("/worker/lease", { worker: "me", queues: ["x"] });
  assert.equal(asAdmin.status, 403);
  const listener = await fetch(`${server.url}/api/v1/worker/lease`, { method: "POST", body: "{}" });
  assert.equal(listener.status, 401);
});

describe("the documented examples", () => {
  function example(t, file, queue, jobs) {
    const program = fileURLToPath(new URL(`../../docs/examples/${file}`, import.meta.url));
    const env = plainEnvironment({
      SHOWRUNNER_URL: server.url,
      SHOWRUNNER_TOKEN: worker.token,
      JOBS: String(jobs),
      HEARTBEAT: "0.2",
    });
    const child = spawn(program, [queue], { env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    const ended = once(child, "close").then(([code]) => ({ code, output }));
    t.after(() => child.kill("SIGKILL"));
    return ended;
  }

  test("in Python: completes with a file, stops when cancelled, fails with a reason", async (t) => {
    const done = await create("example.python", { steps: 4 });
    const endless = await create("example.python", { steps: 1000 });
    const wrong = await create("example.python", { steps: "many" });
    const ended = example(t, "worker.py", "example.python", 3);
    const completed = await eventually("done", async () => {
      const job = await get(done.id);
      return job.status === "completed" && job;
    });
    assert.equal(completed.result.steps, 4);
    const file = await admin.get(`/jobs/${done.id}/files/${completed.result.file}`);
    assert.equal(file.text, "0\n1\n2\n3");
    await eventually("progress", async () => (await get(endless.id)).progress !== null);
    await admin.need("POST", `/jobs/${endless.id}/cancel`);
    await eventually("cancelled", async () => (await get(endless.id)).status === "cancelled");
    const failed = await eventually("failed", async () => (await get(wrong.id)).error);
    assert.equal(failed.code, "ValueError");
    const { code, output } = await ended;
    assert.equal(code, 0, output);
  });

  test("in shell: completes", async (t) => {
    const job = await create("example.shell", { id: "not the job's", lease: 99 });
    const { code, output } = await example(t, "worker.sh", "example.shell", 1);
    assert.equal(code, 0, output);
    const after = await get(job.id);
    assert.equal(after.status, "completed", output);
    assert.match(after.result.sha256, /^[0-9a-f]{64}$/);
  });
});
