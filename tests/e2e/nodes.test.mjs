// Several servers on one database are one system: whatever happens at one is true at the other.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import { ApiClient, signInAdmin } from "./api_client.mjs";
import { Listener } from "./listener.mjs";
import { eventually, sharedScope, ShowrunnerServer } from "./showrunner_server.mjs";

const scope = sharedScope();
let first;
let second;
let admin;
let number = 0;

before(async () => {
  first = await ShowrunnerServer.start(scope);
  const pidFile = path.join(first.dataDir, "postgres", "postmaster.pid");
  const folder = readFileSync(pidFile, "utf8").split("\n")[4];
  const url = `host=${folder} dbname=showrunner user=showrunner`;
  second = await ShowrunnerServer.start(scope, { env: { DATABASE_URL: url } });
  admin = await signInAdmin(first);
});

function at(server, person) {
  return new ApiClient(server, { token: person.token, user: person.user });
}

async function settle(...listeners) {
  const name = `marker_${++number}`;
  await admin.broadcast(name);
  for (const listener of listeners) await listener.event(name);
}

test("a token of one is good at the other, and so is its end", async (t) => {
  const person = await admin.addAndSignIn("editor");
  const there = at(second, person);
  assert.equal((await there.get("/auth/me")).status, 200);
  const listener = await new Listener(t, second, person.token).connected();
  await person.need("POST", "/auth/logout");
  await listener.disconnected();
  assert.equal((await listener.refused()).code, "SESSION_ENDED");
  assert.equal((await there.get("/auth/me")).status, 401);
});

test("sockets of both hear the same, in the same order, whoever writes", async (t) => {
  const listeners = [first, second].map((server) => new Listener(t, server, admin.token));
  for (const listener of listeners) await listener.connected();
  const writers = [admin, at(second, admin)];
  await Promise.all(
    writers.map(async (writer) => {
      for (let i = 0; i < 50; ++i) {
        await writer.createEpisode({ title: "Both", episode_number: ++number });
      }
    }),
  );
  await settle(...listeners);
  const [one, other] = listeners.map((listener) => listener.offsets());
  assert.equal(listeners[0].named("episode_created").length, 100);
  assert.deepEqual(one, other);
  assert.deepEqual(one, [...one].sort());
});

test("a client goes on at the other node where it was", async (t) => {
  const listener = await new Listener(t, first, admin.token, { auth: { feed: false } }).connected();
  const episode = await admin.createEpisode({ title: "Here", episode_number: ++number });
  await listener.subscribe(episode);
  listener.socket.io.reconnection(false);
  listener.dropTransport();
  await admin.updateEpisode(episode.id, { title: "Missed" });
  listener.socket.io.uri = second.url;
  listener.socket.io.reconnection(true);
  // The other node must have read the ledger as far as the client has.
  const fence = await new Listener(t, second, admin.token).connected();
  await settle(fence);
  listener.socket.io.connect();
  await listener.connected(2);
  await admin.updateEpisode(episode.id, { title: "There" });
  await listener.event((event) => event.payload?.title === "There");
  assert.deepEqual(listener.titles(), ["Missed", "There"]);
  assert.deepEqual(listener.connects, [false, true]);
  assert.equal((await admin.need("GET", "/realtime/connections")).length, 0);
});

test("a role that changes at one changes at the other", async (t) => {
  const person = await admin.addAndSignIn("editor");
  const there = at(second, person);
  const listener = await new Listener(t, second, person.token).connected();
  await admin.need("PATCH", `/users/${person.user.id}`, { role: "viewer" });
  await eventually("the other node knows", async () => {
    const fields = { title: "Allowed?", episode_number: ++number };
    return (await there.post("/episodes", fields)).status === 403;
  });
  await admin.need("PATCH", `/users/${person.user.id}`, { active: false });
  await listener.disconnected();
});

test("consumers run on one node at a time and go on at the other", async () => {
  const leads = async (server) => {
    const { text } = { text: await (await fetch(`${server.url}/metrics`)).text() };
    return /showrunner_consumer_leader\{consumer="activity"\} 1/.test(text);
  };
  assert.deepEqual([await leads(first), await leads(second)], [true, false]);
  const own = second.postgresPid();
  assert.equal(own, undefined, "with a DATABASE_URL there is no private PostgreSQL");
  // Whoever restarts loses the election to the other... which here needs the first's PostgreSQL:
  // its connections end when the server is killed, PostgreSQL with it.
  await first.restart("SIGKILL");
  await eventually("one leads again", async () => (await leads(first)) || (await leads(second)));
  const counted = async () => {
    const stats = await admin.need("GET", "/activities/stats");
    return stats.by_type.find(({ type }) => type === "episode_created").events;
  };
  const total = (await admin.ledger("episode_created")).length;
  await eventually("each event is counted once", async () => (await counted()) === total);
  await eventually("the other node is back too", async () => (await fetch(`${second.url}/ready`)).ok);
});
