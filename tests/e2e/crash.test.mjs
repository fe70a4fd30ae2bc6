// Kills the server and PostgreSQL under load. Whatever was acknowledged is there, once, everywhere
// it should be: on record, in the ledger, at every socket, in what consumers derive.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { signInAdmin } from "./api_client.mjs";
import { Listener } from "./listener.mjs";
import {
  binary,
  eventually,
  isAlive,
  makeFolder,
  plainEnvironment,
  run,
  ShowrunnerServer,
} from "./showrunner_server.mjs";

const writers = 16;

/** People who create and change episodes without pause, and remember what was acknowledged. */
class Writers {
  acknowledged = 0;
  created = []; // {id, title}
  updated = []; // {id, title, version}
  unsure = []; // titles of changes whose answer never came
  statuses = new Map(); // of answers that were no success
  running = true;
  number = 0;

  constructor(client) {
    this.client = client;
    this.done = Promise.all(Array.from({ length: writers }, (_, i) => this.work(i)));
  }

  async work(writer) {
    for (let i = 0; this.running; ++i) {
      const title = `w${writer} e${i}`;
      // Half of the writers retry with the key until they know; the others never learn.
      const id = writer % 2 ? await this.createWithKey(title) : await this.create(title);
      for (let change = 1; id && change <= 3 && this.running; ++change) {
        await this.update(id, `${title} c${change}`);
      }
    }
  }

  async send(method, target, body, headers) {
    try {
      const answer = await this.client.send(method, target, { body, headers });
      if (answer.status < 300) {
        ++this.acknowledged;
        return answer.body.data;
      }
      this.statuses.set(answer.status, answer.text);
      return undefined;
    } catch {
      return undefined; // The connection broke: nobody knows.
    }
  }

  async create(title) {
    const fields = { title, episode_number: ++this.number };
    const episode = await this.send("POST", "/episodes", fields);
    if (!episode) {
      this.unsure.push(title);
      await eventually("the server is back", () => this.isUp());
      return undefined;
    }
    this.created.push({ id: episode.id, title });
    return episode.id;
  }

  isUp() {
    return this.client.get("/auth/me").then((answer) => answer.status === 200, () => false);
  }

  async createWithKey(title) {
    const fields = { title, episode_number: ++this.number };
    const headers = { "Idempotency-Key": randomUUID() };
    const episode = await eventually(`an answer for ${title}`, () =>
      this.send("POST", "/episodes", fields, headers),
    );
    this.created.push({ id: episode.id, title });
    return episode.id;
  }

  async update(id, title) {
    const episode = await this.send("PATCH", `/episodes/${id}`, { title });
    if (episode) this.updated.push({ id, title, version: episode.version });
    else this.unsure.push(title);
  }

  /** Until `count` more writes have been acknowledged. */
  async progress(count) {
    const goal = this.acknowledged + count;
    await eventually(`${count} more writes`, () => this.acknowledged >= goal, 60_000);
  }

  async stop() {
    this.running = false;
    await this.done;
  }
}

function countBy(items, key) {
  const counts = new Map();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

async function allEpisodes(client) {
  const episodes = [];
  for (let cursor = ""; ; ) {
    const { body } = await client.get(`/episodes?limit=100${cursor && `&cursor=${cursor}`}`);
    episodes.push(...body.data);
    if (!body.pagination.next_cursor) return episodes;
    cursor = encodeURIComponent(body.pagination.next_cursor);
  }
}

/** Ledger, records and the consumer's table against what was acknowledged, and each other. */
async function checkEverything(admin, work) {
  const ledger = await admin.ledger();
  const offsets = ledger.map((event) => event.offset);
  assert.deepEqual(offsets, [...new Set(offsets)].sort(), "in order, each once");

  const created = ledger.filter((event) => event.type === "episode_created");
  const updated = ledger.filter((event) => event.type === "episode_updated");
  const creations = countBy(created, (event) => event.payload.title);
  for (const { id, title } of work.created) {
    assert.equal(creations.get(title), 1, `${title} was created once`);
    assert.ok(created.some((event) => event.payload.episodeId === id && event.payload.title === title));
  }
  const changes = new Map(updated.map((event) => [event.payload.title, event.payload]));
  assert.equal(changes.size, updated.length, "each change once");
  for (const { id, title, version } of work.updated) {
    assert.equal(changes.get(title)?.episodeId, id, `${title} is in the ledger`);
    assert.equal(changes.get(title).episode.version, version);
  }
  const known = new Set([...work.created, ...work.updated].map(({ title }) => title));
  for (const title of work.unsure) known.add(title);
  for (const { payload } of [...created, ...updated]) assert.ok(known.has(payload.title));

  const episodes = await allEpisodes(admin);
  assert.equal(episodes.length, created.length, "as many records as creations");
  const last = new Map();
  for (const { payload } of [...created, ...updated]) last.set(payload.episodeId, payload.episode);
  for (const episode of episodes) assert.deepEqual(episode, last.get(episode.id), "record = event");

  const recount = Object.fromEntries(countBy(ledger, (event) => event.type));
  await eventually("the consumer's counts are those of the ledger", async () => {
    const { by_type: counts } = await admin.need("GET", "/activities/stats");
    return JSON.stringify(sorted(counts)) === JSON.stringify(sorted(
      Object.entries(recount).map(([type, events]) => ({ type, events })),
    ));
  });
  return ledger;
}

function sorted(counts) {
  return counts.map(({ type, events }) => `${type} ${events}`).sort();
}

function childrenOf(parent) {
  const children = [];
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${entry}/status`, "utf8");
      if (Number(/PPid:\s+(\d+)/.exec(status)[1]) === parent) children.push(Number(entry));
    } catch {
      // It ended meanwhile.
    }
  }
  return children;
}

/** The server processes of PostgreSQL that work for our connections. */
function backendsOf(server) {
  return childrenOf(server.postgresPid()).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("showrunner showrunner");
    } catch {
      return false;
    }
  });
}

test("kill -9 of the server, again and again, under load", async (t) => {
  const server = await ShowrunnerServer.start(t);
  const admin = await signInAdmin(server);
  const editor = await admin.addAndSignIn("editor", "Eve");
  const viewer = await admin.addAndSignIn("viewer", "Vic");
  const options = [
    { transports: ["websocket"] },
    { transports: ["polling"] },
    { transports: ["polling", "websocket"], nsp: "/" },
  ];
  const listeners = options.map((each) => new Listener(t, server, viewer.token, each));
  for (const listener of listeners) await listener.connected();

  const work = new Writers(editor);
  for (let round = 1; round <= 5; ++round) {
    await work.progress(100 + round * 100);
    await server.restart("SIGKILL");
  }
  await work.progress(100);
  await work.stop();
  assert.deepEqual([...work.statuses], [], "answers are success or none");

  await checkEverything(admin, work);
  const seen = (await viewer.ledger()).map((event) => event.offset);
  await admin.broadcast("the_end");
  for (const listener of listeners) {
    await listener.event("the_end");
    const offsets = listener.events.slice(0, -1).map((event) => event.offset);
    assert.equal(new Set(offsets).size, offsets.length, "no event twice");
    assert.deepEqual(offsets, seen, "every event, in the ledger's order");
    assert.ok(listener.connects.length > 1);
    assert.ok(listener.connects.slice(1).every((recovered) => recovered));
  }
  t.diagnostic(`${work.acknowledged} writes, ${work.unsure.length} unsure`);
});

test("PostgreSQL is killed under load; the server goes on", async (t) => {
  const server = await ShowrunnerServer.start(t);
  const admin = await signInAdmin(server);
  const editor = await admin.addAndSignIn("editor", "Eve");
  const viewer = await admin.addAndSignIn("viewer", "Vic");
  const listener = await new Listener(t, server, viewer.token).connected();
  const work = new Writers(editor);
  const { pid } = server.process;

  await work.progress(100);
  for (let i = 0; i < 5; ++i) {
    const backends = backendsOf(server);
    assert.ok(backends.length > 0);
    process.kill(backends[i % backends.length], "SIGTERM"); // As pg_terminate_backend().
    await work.progress(30);
  }
  for (const backend of backendsOf(server)) process.kill(backend, "SIGTERM");
  await work.progress(50);
  process.kill(backendsOf(server)[0], "SIGKILL"); // PostgreSQL ends every other and recovers.
  await work.progress(50);
  for (const signal of ["SIGINT", "SIGKILL"]) {
    const postmaster = server.postgresPid();
    process.kill(postmaster, signal);
    await eventually("another PostgreSQL", () => {
      const now = server.postgresPid();
      return now && now !== postmaster;
    });
    await work.progress(100);
    assert.equal((await fetch(`${server.url}/ready`)).status, 200);
  }
  await work.stop();
  assert.equal(server.process.pid, pid);
  assert.ok(server.running);
  for (const status of work.statuses.keys()) {
    assert.equal(status, 503, `only "unavailable": ${work.statuses.get(status)}`);
  }

  await checkEverything(admin, work);
  const seen = (await viewer.ledger()).map((event) => event.offset);
  await admin.broadcast("the_end");
  await listener.event("the_end");
  assert.deepEqual(listener.events.slice(0, -1).map((event) => event.offset), seen);
  assert.deepEqual(listener.disconnects, [], "sockets stay");
  t.diagnostic(`${work.acknowledged} writes, ${work.unsure.length} unsure`);
});

test("a POST that is sent again after a crash makes one record", async (t) => {
  const server = await ShowrunnerServer.start(t);
  const admin = await signInAdmin(server);
  const fields = { title: "Only once", episode_number: 1 };
  const headers = { "Idempotency-Key": "a-key" };
  const first = await admin.post("/episodes", fields, { headers });
  assert.equal(first.status, 201);
  await server.restart("SIGKILL");
  const again = await admin.post("/episodes", fields, { headers });
  assert.equal(again.status, 201);
  assert.equal(again.headers.get("idempotent-replay"), "true");
  assert.deepEqual(again.body, first.body);
  assert.equal(again.headers.get("etag"), first.headers.get("etag"));
  assert.equal((await admin.ledger("episode_created")).length, 1);
  const other = await admin.post("/episodes", { ...fields, title: "Else" }, { headers });
  assert.equal(other.status, 422);
  assert.equal(other.body.code, "IDEMPOTENCY_KEY_REUSED");
});

test("the same key from many at once makes one record", async (t) => {
  const server = await ShowrunnerServer.start(t);
  const admin = await signInAdmin(server);
  const headers = { "Idempotency-Key": "at-once" };
  const fields = { title: "Only once", episode_number: 1 };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => admin.post("/episodes", fields, { headers })),
  );
  const ids = new Set(answers.map((answer) => answer.body.data?.id));
  assert.deepEqual(countBy(answers, (answer) => answer.status), new Map([[201, 20]]));
  assert.equal(ids.size, 1);
  assert.equal((await admin.ledger("episode_created")).length, 1);
});

describe("the data directory", () => {
  test("belongs to one server at a time", async (t) => {
    const server = await ShowrunnerServer.start(t);
    const second = await server.run("serve", "--listen", "127.0.0.1:0");
    assert.equal(second.code, 1);
    assert.match(second.err, /Another Showrunner server \(process \d+\) uses the data directory/);
    assert.match(second.err, new RegExp(`process ${server.process.pid}\\b`));
    assert.equal(second.out, "");
    assert.equal((await fetch(`${server.url}/ready`)).status, 200, "the first is unharmed");
  });

  test("is usable at once after kill -9, with the PostgreSQL that is left", async (t) => {
    const server = await ShowrunnerServer.start(t);
    const admin = await signInAdmin(server);
    const episode = await admin.createEpisode({ title: "Kept", episode_number: 1 });
    const left = server.postgresPid();
    await server.restart("SIGKILL");
    assert.equal((await admin.need("GET", `/episodes/${episode.id}`)).title, "Kept");
    assert.notEqual(server.postgresPid(), left);
    await eventually("the old PostgreSQL is gone", () => !isAlive(left));
    // Stopped in order, nothing is left.
    const now = server.postgresPid();
    assert.equal(await server.end("SIGTERM"), 0);
    assert.equal(isAlive(now), false);
    // Tools start PostgreSQL themselves and stop it.
    const users = await server.run("user", "list");
    assert.equal(users.code, 0, users.err);
    assert.match(users.out, /admin@example\.com/);
    assert.equal(server.postgresPid(), undefined);
  });

  test("survives kill -9 while it is being made", async (t) => {
    const folder = makeFolder();
    const dataDir = path.join(folder, "data");
    const args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", dataDir];
    const child = spawn(binary, args, { env: plainEnvironment(), stdio: "ignore" });
    const exited = once(child, "exit");
    await eventually("initdb is under way", () => existsSync(path.join(dataDir, "postgres.new")));
    child.kill("SIGKILL");
    await exited;
    const server = await ShowrunnerServer.start(t, { folder });
    await signInAdmin(server);
  });

  test("that nobody can write to is refused in words", async () => {
    const answer = await run(["serve", "--listen", "127.0.0.1:0", "--data-dir", "/proc/nowhere"]);
    assert.equal(answer.code, 1);
    assert.match(answer.err, /showrunner: .*\/proc\/nowhere/);
  });
});
