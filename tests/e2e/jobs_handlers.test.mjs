// The types of jobs that the server itself does, on real data, programs and servers.
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import path from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { inflateRawSync } from "node:zlib";
import { signIn } from "./api_client.mjs";
import { eventually, makeFolder, sharedScope, ShowrunnerServer } from "./showrunner_server.mjs";

const scope = sharedScope();
const demo = fileURLToPath(new URL("../../demo/joy-of-painting-episodes.csv", import.meta.url));
const folder = makeFolder();
let server;
let admin;
let editor;
let show;

const program = `#!/bin/sh
read -r job
case $job in
*'"mode":"sleep"'*) echo "progress 10 asleep"; sleep 60 & wait ;;
*'"mode":"bad"'*) echo "cannot do that" >&2; exit 65 ;;
*'"mode":"hungry"'*) python3 -c 'x = bytearray(4 << 30); print(len(x))' || exit 65 ;;
*'"mode":"environment"'*) env ;;
esac
echo "progress 50 half way"
echo "a line of the log"
echo "a warning" >&2
printf 'result {"bytes":%s}\\n' "\${#job}"
`;

before(async () => {
  const script = path.join(folder, "tool.sh");
  writeFileSync(script, program);
  chmodSync(script, 0o755);
  server = await ShowrunnerServer.start(scope, {
    env: {
      SHOWRUNNER_JOB_COMMANDS: `tool=${script}`,
      SHOWRUNNER_JOB_COMMAND_MEMORY_MB: "512",
      SHOWRUNNER_OUTBOUND_ADDRESSES: "any",
      SECRET_OF_THE_SERVER: "must not be passed on",
    },
  });
  admin = await signIn(server, server.adminEmail, server.adminPassword);
  editor = await admin.addAndSignIn("editor");
  const imported = await server.run("import", demo);
  assert.equal(imported.code, 0, imported.err);
  const shows = await admin.need("GET", "/shows");
  show = shows.find((each) => each.name === "The Joy of Painting");
});

async function finished(id, as = admin) {
  return eventually(`job ${id}`, async () => {
    const job = await as.need("GET", `/jobs/${id}`);
    const over = ["completed", "failed", "cancelled"].includes(job.status);
    return (over || (job.status === "pending" && job.error)) && job;
  });
}

async function runJob(body, as = admin) {
  const { id } = await as.need("POST", "/jobs", body);
  return finished(id, as);
}

async function download(job) {
  const response = await fetch(`${server.url}/api/v1/jobs/${job.id}/files/${job.result.file.id}`, {
    headers: { Authorization: `Bearer ${admin.token}` },
  });
  assert.equal(response.status, 200);
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.equal(bytes.length, job.result.file.bytes);
  return bytes;
}

/** Files of a zip archive, by its own directory. */
function unzip(bytes) {
  const files = {};
  for (let at = bytes.indexOf("PK\u0001\u0002"); at >= 0 && bytes.readUInt32LE(at) === 0x02014b50; ) {
    const [size, name, extra, comment] = [20, 28, 30, 32].map((offset, n) =>
      n === 0 ? bytes.readUInt32LE(at + offset) : bytes.readUInt16LE(at + offset),
    );
    const local = bytes.readUInt32LE(at + 42);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const key = bytes.toString("utf8", at + 46, at + 46 + name);
    files[key] = inflateRawSync(bytes.subarray(start, start + size)).toString();
    at += 46 + name + extra + comment;
  }
  return files;
}

test("export: every form of a show, which imports again to nothing new", async () => {
  const csv = await runJob({ type: "export", show_id: show.id }, editor);
  assert.equal(csv.status, "completed", JSON.stringify(csv.error));
  assert.equal(csv.result.episodes, 403);
  assert.match(csv.result.file.name, /^the-joy-of-painting-\d{4}-\d\d-\d\d\.csv$/);
  const text = (await download(csv)).toString();
  assert.equal(text.split("\r\n").length, 405);
  const ndjson = await runJob({ type: "export", show_id: show.id, args: { format: "ndjson" } });
  const lines = (await download(ndjson)).toString().trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(lines.length, 403);
  assert.equal(lines[0].show, "The Joy of Painting");
  for (const [type, body] of [
    ["text/csv", text],
    ["application/x-ndjson", lines.map((line) => JSON.stringify(line)).join("\n")],
  ]) {
    const again = await editor.send("POST", "/episodes/import", { raw: body, headers: { "Content-Type": type } });
    const { rows, skipped, failed } = again.body.data;
    assert.deepEqual({ rows, skipped, failed }, { rows: 403, skipped: 403, failed: 0 });
  }
  const zip = await runJob({ type: "export", show_id: show.id, args: { format: "zip" } });
  const files = unzip(await download(zip));
  assert.deepEqual(Object.keys(files), ["show.json", "episodes.csv", "episodes.ndjson", "history.ndjson"]);
  assert.equal(files["episodes.csv"], text);
  assert.equal(JSON.parse(files["show.json"]).name, "The Joy of Painting");
  const history = files["history.ndjson"].trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.ok(history.filter((event) => event.type === "episode_created").length === 403);
});

test("import in the background: progress, errors in the log, the result; as who started it", async () => {
  const rows = ["season_number,episode_number,title"];
  for (let n = 1; n <= 3000; n++) rows.push(`1,${n},Background ${n}`);
  rows.push("1,0x1,Bad number");
  const started = await editor.send("POST", "/episodes/import-jobs", {
    raw: rows.join("\n"),
    headers: { "Content-Type": "text/csv" },
  });
  assert.equal(started.status, 201, started.text);
  const job = await finished(started.body.data.id, editor);
  assert.equal(job.status, "completed", JSON.stringify(job.error));
  assert.deepEqual([job.result.created, job.result.failed], [3000, 1]);
  const log = await editor.need("GET", `/jobs/${job.id}/log`);
  assert.match(log.at(-1).text, /^row 3002: episode_number/);
  const [episode] = await editor.need("GET", "/episodes?q=Background%203000");
  assert.equal(episode.created_by, editor.user.id);
  const direct = await editor.post("/jobs", { type: "import", args: { file_id: job.args.file_id } });
  assert.equal(direct.status, 422);
});

test("command: arguments on standard input, progress, log and result; bounded", async () => {
  const run = (mode) => runJob({ type: "command", args: { command: "tool", input: { mode } } }, editor);
  const good = await run("plain");
  assert.equal(good.status, "completed", JSON.stringify(good.error));
  assert.ok(good.result.bytes > 50);
  const log = await eventually("its log", async () => {
    const lines = await editor.need("GET", `/jobs/${good.id}/log`);
    return lines.length === 2 && lines;
  });
  assert.deepEqual(
    log.map((line) => `${line.level}: ${line.text}`).sort(),
    ["info: a line of the log", "warning: a warning"],
  );
  const bad = await run("bad");
  assert.deepEqual([bad.status, bad.error.code, bad.attempt], ["failed", "COMMAND_FAILED", 1]);
  const hungry = await run("hungry");
  assert.equal(hungry.status, "failed");
  const environment = await run("environment");
  const lines = await eventually("its log", async () => {
    const all = await editor.need("GET", `/jobs/${environment.id}/log`);
    return all.length > 2 && all;
  });
  assert.ok(!lines.some((line) => line.text.includes("must not be passed on")));
  const unknown = await runJob({ type: "command", args: { command: "rm" } }, editor);
  assert.deepEqual([unknown.status, unknown.error.code], ["failed", "COMMAND_UNKNOWN"]);

  const asleep = await editor.need("POST", "/jobs", {
    type: "command",
    args: { command: "tool", input: { mode: "sleep" } },
  });
  await eventually("it sleeps", async () => (await editor.need("GET", `/jobs/${asleep.id}`)).progress === 10);
  await editor.need("POST", `/jobs/${asleep.id}/cancel`);
  assert.equal((await finished(asleep.id)).status, "cancelled");
});

test("http_call: answers kept, waits as asked, gives up where it is hopeless", async (t) => {
  const calls = [];
  const other = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      calls.push({ url: request.url, method: request.method, headers: request.headers, body });
      if (request.url === "/busy") response.writeHead(503, { "Retry-After": "7200" });
      if (request.url === "/gone") response.writeHead(410);
      response.end("heard");
    });
  });
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  t.after(() => other.close());
  const base = `http://127.0.0.1:${other.address().port}`;
  const call = (args) => runJob({ type: "http_call", args });

  const good = await call({ url: `${base}/hook`, headers: { "X-Signature": "abc" }, body: '{"a":1}' });
  assert.deepEqual([good.status, good.result], ["completed", { status: 200, body: "heard" }]);
  assert.deepEqual(
    [calls[0].method, calls[0].body, calls[0].headers["x-signature"], calls[0].headers["idempotency-key"]],
    ["POST", '{"a":1}', "abc", good.id],
  );
  const busy = await call({ url: `${base}/busy` });
  assert.deepEqual([busy.status, busy.error.code], ["pending", "HTTP_503"]);
  assert.ok(new Date(busy.run_at) - Date.now() > 7_000_000);
  const gone = await call({ url: `${base}/gone`, method: "DELETE" });
  assert.deepEqual([gone.status, gone.error.code], ["failed", "HTTP_410"]);
  const nowhere = await call({ url: "http://127.0.0.1:1/" });
  assert.deepEqual([nowhere.status, nowhere.error.code], ["pending", "CONNECT_FAILED"]);
  // Its arguments may hold secrets: nobody but admins may start or see it.
  const refused = await editor.post("/jobs", { type: "http_call", args: { url: base } });
  assert.equal(refused.status, 403);
  assert.equal((await editor.get(`/jobs/${good.id}`)).status, 404);
  const listed = await editor.need("GET", "/jobs?type=http_call");
  assert.deepEqual(listed, []);
});

test("http_call reaches public addresses only, unless the operator says otherwise", async (t) => {
  const careful = await ShowrunnerServer.start(t);
  const operator = await signIn(careful, careful.adminEmail, careful.adminPassword);
  const { id } = await operator.need("POST", "/jobs", {
    type: "http_call",
    args: { url: `${careful.url}/health`, method: "GET" },
  });
  const job = await eventually("refused", async () => {
    const now = await operator.need("GET", `/jobs/${id}`);
    return now.status === "failed" && now;
  });
  assert.equal(job.error.code, "ADDRESS_FORBIDDEN");
});

test("reindex: the indexes are built anew beside the work", async () => {
  const job = await runJob({ type: "reindex", args: { tables: ["episodes", "shows"] } });
  assert.equal(job.status, "completed", JSON.stringify(job.error));
  assert.ok(job.result.indexes >= 4);
  const unknown = await runJob({ type: "reindex", args: { tables: ["nothing"] } });
  assert.deepEqual([unknown.status, unknown.error.code], ["failed", "TABLE_UNKNOWN"]);
});

test("a file of a job is for those who may see the job", async () => {
  const job = await runJob({ type: "export", show_id: show.id });
  const file = `/jobs/${job.id}/files/${job.result.file.id}`;
  const response = await admin.get(file);
  assert.equal(response.headers.get("content-security-policy"), "sandbox");
  assert.equal((await admin.get(`/jobs/${job.id}/files/${job.id}`)).status, 404);
  const anonymous = await fetch(`${server.url}/api/v1${file}`);
  assert.equal(anonymous.status, 401);
});
