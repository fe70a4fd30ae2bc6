// Files: uploads beside cp and sha256sum, ranges beside nginx, and what uploads cost everybody else.
import { spawn } from "node:child_process";
import { linkSync, openSync, closeSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { loadavg } from "node:os";

import { Nginx } from "./harness/nginx.mjs";
import { run } from "./harness/processes.mjs";
import { compare, measureRounds } from "./harness/slices.mjs";
import { seedId } from "./harness/stage.mjs";
import { goal, goalHead, hundredths, table, tenths, whole } from "./harness/table.mjs";
import { load } from "./harness/wrk.mjs";

const mebibyte = 1 << 20;
const uploadGoal = 0.9;
const rangeGoal = 0.9;
const growthGoalMib = 64;
const slowdownGoal = 2;

/** What the program in `child` used at most since the last time, in bytes. */
class Memory {
  constructor(pid) {
    this.pid = pid;
  }

  read(name) {
    return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))[1]) / 1024;
  }

  start() {
    writeFileSync(`/proc/${this.pid}/clear_refs`, "5"); // The peak is what it is now.
    this.before = this.read("VmRSS");
  }

  growthMib() {
    return this.read("VmHWM") - this.before;
  }
}

class Content {
  static async make(stage, bytes) {
    const path = `${stage.folder}/content`;
    await run("sh", ["-c", `head -c ${bytes} /dev/urandom > ${path} && sync ${path}`]);
    return new Content(stage, path, bytes);
  }

  constructor(stage, path, bytes) {
    this.stage = stage;
    this.path = path;
    this.bytes = bytes;
    this.api = `${stage.server.url}/api/v1`;
  }

  /** Nothing is stored twice: each upload is of a content of its own. */
  touch() {
    const file = openSync(this.path, "r+");
    writeSync(file, process.hrtime.bigint().toString());
    closeSync(file);
  }

  async request(method, path, body, headers = {}) {
    const answer = await fetch(`${this.api}${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json", ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return { data: text && JSON.parse(text).data, headers: answer.headers };
  }

  curl(...args) {
    return run("curl", ["-sS", "--fail-with-body", "-H", `Authorization: Bearer ${this.token}`, "-H", "Expect:", ...args]);
  }

  async put() {
    const body = { episode_id: seedId(1), name: "content.bin", bytes: this.bytes };
    const { data } = await this.request("POST", "/files", body);
    return JSON.parse(await this.curl("-T", this.path, `${this.stage.server.url}${data.upload.url}`)).data;
  }

  async form() {
    return JSON.parse(await this.curl("-F", `file=@${this.path}`, `${this.api}/episodes/${seedId(1)}/files`)).data;
  }

  async tus() {
    const encode = (text) => Buffer.from(text).toString("base64");
    const { headers } = await this.request("POST", "/uploads", undefined, {
      "Tus-Resumable": "1.0.0",
      "Upload-Length": String(this.bytes),
      "Upload-Metadata": `filename ${encode("content.bin")},episode_id ${encode(seedId(1))}`,
    });
    const location = headers.get("Location");
    const part = ["Tus-Resumable: 1.0.0", "Upload-Offset: 0", "Content-Type: application/offset+octet-stream"];
    await this.curl("-X", "PATCH", ...part.flatMap((each) => ["-H", each]), "-T", this.path, new URL(location, this.api).href);
    const id = location.split("/").at(-1);
    return (await this.request("GET", `/files/${id}`)).data;
  }

  /** Where the store keeps it. */
  async blob(file) {
    const key = await this.stage.psql("showrunner", `SELECT b.key FROM files f JOIN blobs b ON b.id = f.blob_id WHERE f.id = '${file.id}'`);
    return `${this.stage.files}/files/blobs/${key.trim()}`;
  }
}

const settled = () => run("sync", []);

/** Seconds of one way to store the content, from a quiet disk on. */
async function timed(content, what) {
  content.touch();
  await settled();
  const began = performance.now();
  const result = await what();
  return { seconds: (performance.now() - began) / 1000, result };
}

function peer(content, sync) {
  const copy = `${content.path}.copy`;
  const script = `cp ${content.path} ${copy} && ${sync ? `sync ${copy} &&` : ""} sha256sum ${copy}`;
  return async () => {
    const { seconds } = await timed(content, () => run("sh", ["-c", script]));
    rmSync(copy);
    return { seconds };
  };
}

function ours(content, memory, way) {
  return async () => {
    memory.start();
    const { seconds, result } = await timed(content, () => content[way]());
    const growth = memory.growthMib();
    if (result.state !== "ready" || result.bytes !== content.bytes) throw new Error(`not stored: ${JSON.stringify(result)}`);
    rmSync(await content.blob(result));
    return { seconds, growth };
  };
}

async function uploads(content, rounds, goals, rows) {
  const memory = new Memory(content.stage.server.pid);
  const subjects = [
    { name: "cp, sync, sha256sum", slice: peer(content, true) },
    { name: "PUT", slice: ours(content, memory, "put") },
    { name: "form", slice: ours(content, memory, "form") },
    { name: "tus", slice: ours(content, memory, "tus") },
    { name: "cp, sha256sum", slice: peer(content, false) },
  ];
  const results = await measureRounds(subjects, rounds);
  const ways = ["PUT", "form", "tus"];
  for (const way of ways) {
    const ratio = (other) => results.ratio(way, other, (each) => 1 / each.seconds);
    goals.push(goal(`upload, ${way}, to cp + sync + sha256sum`, ratio("cp, sync, sha256sum"), uploadGoal));
    goals.push(goal(`upload, ${way}, to cp + sha256sum, not durable`, ratio("cp, sha256sum"), uploadGoal));
  }
  for (const { name } of subjects) {
    const rate = results.median(name, (each) => content.bytes / mebibyte / each.seconds);
    const most = ways.includes(name) ? Math.max(...results.of(name).map((each) => each.growth)) : Number.NaN;
    const verdict = Number.isNaN(most) ? "" : most < growthGoalMib ? "met" : "MISSED";
    rows.push([name, whole(rate), tenths(most), verdict && `< ${growthGoalMib}`, verdict]);
  }
}

async function ranges(content, nginx, { seconds, rounds }, goals, rows) {
  const file = await content.put();
  const link = (await content.request("GET", `/files/${file.id}/url`)).data.url;
  linkSync(await content.blob(file), `${nginx.root}/blob`);
  const { stage } = content;
  const gauge = {
    cpu: () => ({ ...stage.cpu(), nginx: nginx.cpu() }),
    settle: () => stage.settle(),
  };
  const token = content.token;
  const sizes = [
    { name: "64 KiB", bytes: 64 * 1024, clients: 16 },
    { name: "1 MiB", bytes: mebibyte, clients: 16 },
    { name: "whole", bytes: 0, clients: 4 },
  ];
  for (const { name, bytes, clients } of sizes) {
    const variables = { bytes, size: content.bytes };
    const slice = (url, path, token) => async () => {
      const result = await load("range", url, { connections: clients, seconds, token, variables: { ...variables, path } });
      // Measured by what came: an answer of the whole file outlasts its slice.
      return { ...result, requests: result.bytes / (bytes || content.bytes) };
    };
    const subjects = [
      { name: "nginx", process: "nginx", slice: slice(nginx.url, "/blob", "") },
      { name: "link", process: "server", slice: slice(stage.server.url, link, "") },
      { name: "token", process: "server", slice: slice(stage.server.url, `/api/v1/files/${file.id}/content`, token) },
    ];
    const results = await compare(gauge, subjects, rounds);
    for (const each of ["link", "token"]) {
      goals.push(goal(`range GET, ${name}, by ${each}, to nginx`, results.get(each).ratio("nginx"), rangeGoal));
    }
    for (const each of results.values()) {
      const rate = each.rate * (bytes || content.bytes);
      rows.push([`${name}, ${clients} × ${each.name}`, whole(each.rate), whole(rate / mebibyte), hundredths(each.p50), tenths(each.p99), tenths(each.server_us), tenths(each.postgres_us), tenths(each.load_us)]);
    }
  }
}

/** 100 uploads at a time, one after the other on each connection, until it is stopped. */
function background(content, small, rate) {
  const each = [
    `url = "${content.api}/episodes/${seedId(1)}/files"`,
    `form = "file=@${small}"`,
    `header = "Authorization: Bearer ${content.token}"`,
    'header = "Expect:"',
    'output = "/dev/null"',
    "silent",
    ...(rate ? [`limit-rate = ${rate}`] : []),
  ].join("\n");
  writeFileSync(`${small}.curl`, Array(5000).fill(each).join("\nnext\n"));
  const child = spawn("curl", ["-Z", "--parallel-immediate", "--parallel-max", "100", "-K", `${small}.curl`], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("close", resolve));
  return async () => {
    child.kill("SIGTERM");
    await ended;
  };
}

async function neighbours(content, { seconds, rounds }, goals, rows) {
  const small = `${content.stage.folder}/small`;
  await run("sh", ["-c", `head -c ${4 * mebibyte} /dev/urandom > ${small}`]);
  const url = content.stage.server.url;
  const variables = { path: "/api/v1/episodes?limit=20" };
  const get = () => load("get", url, { connections: 4, seconds, token: content.token, variables });
  const received = async () => {
    const text = await (await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${content.token}` } })).text();
    return Number(/^showrunner_files_received_bytes_total (\S+)/m.exec(text)?.[1] ?? 0);
  };
  const beside = (rate) => async () => {
    const stop = background(content, small, rate);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const before = await received();
    const result = await get();
    result.mib_s = ((await received()) - before) / mebibyte / result.seconds;
    await stop();
    if (!(result.mib_s > 0)) throw new Error("nothing was uploaded");
    return result;
  };
  const subjects = [
    { name: "alone", slice: get },
    { name: "100 uploads of 1 MiB/s", slice: beside("1M") },
    { name: "100 uploads at full speed", slice: beside() },
  ];
  const results = await measureRounds(subjects, rounds);
  for (const { name } of subjects.slice(1)) {
    goals.push(goal(`GET /episodes p99, ${name}, to alone`, results.ratio(name, "alone", (each) => each.p99_ms), slowdownGoal, "most"));
  }
  for (const { name } of subjects) {
    const of = (key) => results.median(name, (each) => each[key] ?? Number.NaN);
    rows.push([name, whole(results.median(name, (each) => each.requests / each.seconds)), hundredths(of("p50_ms")), hundredths(of("p99_ms")), tenths(of("mib_s"))]);
  }
}

export async function files(stage, { seconds, rounds, mib, parts }) {
  const content = await Content.make(stage, mib * mebibyte);
  content.token = await stage.signIn();
  const nginx = await Nginx.start(stage.folder);
  const goals = [];
  const tables = [];
  const part = async (name, head, measure) => {
    if (parts && !parts.includes(name)) return;
    const rows = [];
    await measure(rows);
    tables.push("", table(head, rows));
  };
  try {
    await part("uploads", [`upload of ${mib} MiB`, "MiB a second", "memory + MiB", "goal", ""], (rows) => uploads(content, rounds, goals, rows));
    await part("ranges", ["range, connections × subject", "a second", "MiB a second", "p50 ms", "p99 ms", "server µs", "PostgreSQL µs", "load µs"], (rows) => ranges(content, nginx, { seconds, rounds }, goals, rows));
    await part("neighbours", ["GET /episodes, 4 connections", "a second", "p50 ms", "p99 ms", "uploads MiB a second"], (rows) => neighbours(content, { seconds, rounds }, goals, rows));
  } finally {
    await nginx.stop();
  }
  const head = ["ratio", ...goalHead.slice(1)];
  return [table(head, goals), ...tables, "", `Load average at the end: ${loadavg().map(tenths).join(", ")}.`].join("\n");
}
