// Coming back: after a lost connection, a restart, a token that ran out. Nothing is missed, nothing
// comes twice, and a client that cannot be given everything is told so.
import assert from "node:assert/strict";
import { createConnection, createServer } from "node:net";
import { once } from "node:events";
import { before, describe, test } from "node:test";
import { request, signIn, signInAdmin } from "./api_client.mjs";
import { Listener, RawClient } from "./listener.mjs";
import { eventually, sharedScope, ShowrunnerServer } from "./showrunner_server.mjs";

const scope = sharedScope();
let server;
let admin;
let editor;
let viewer;
let number = 0;

before(async () => {
  server = await ShowrunnerServer.start(scope);
  admin = await signInAdmin(server);
  editor = await admin.addAndSignIn("editor", "Eve");
  viewer = await admin.addAndSignIn("viewer", "Vic");
});

function newEpisode(title) {
  return editor.createEpisode({ title, episode_number: ++number });
}

/** Creates episodes and gives their titles. */
async function newEpisodes(prefix, count) {
  const titles = Array.from({ length: count }, (_, i) => `${prefix} ${i + 1}`);
  for (const title of titles) await newEpisode(title);
  return titles;
}

async function fence(...listeners) {
  const name = `marker_${++number}`;
  await admin.broadcast(name);
  for (const listener of listeners) await listener.event(name);
}

function created(listener, prefix) {
  return listener.titles("episode_created").filter((title) => title.startsWith(prefix));
}

/** Cuts a client off for as long as `work` takes. */
async function whileAway(listener, work) {
  const manager = listener.socket.io;
  const connects = listener.connects.length;
  manager.reconnection(false);
  listener.dropTransport();
  const result = await work();
  manager.reconnection(true);
  manager.connect();
  await listener.connected(connects + 1);
  return result;
}

const transports = { "over WebSocket": ["websocket"], "over polling": ["polling"], "with upgrade": ["polling", "websocket"] };
for (const [how, list] of Object.entries(transports)) {
  test(`after a lost connection everything missed comes once, in order (${how})`, async (t) => {
    const listener = new Listener(t, server, viewer.token, { transports: list });
    await listener.connected();
    await newEpisode(`${how} seen`);
    await listener.event((event) => event.payload?.title === `${how} seen`);
    const { id } = listener.socket;
    const missed = await whileAway(listener, () => newEpisodes(how, 30));
    await newEpisode(`${how} live`);
    await fence(listener);
    assert.deepEqual(created(listener, how), [`${how} seen`, ...missed, `${how} live`]);
    assert.deepEqual(listener.connects, [false, true]);
    assert.equal(listener.socket.id, id, "the same socket to others");
  });

  test(`also when nothing had been received yet (${how})`, async (t) => {
    const listener = new Listener(t, server, viewer.token, { transports: list });
    await listener.connected();
    const missed = await whileAway(listener, () => newEpisodes(`${how} first`, 5));
    await fence(listener);
    assert.deepEqual(created(listener, `${how} first`), missed);
    assert.deepEqual(listener.connects, [false, true]);
  });
}

test("cut off again and again while events stream in: all once, in order", async (t) => {
  const listeners = [["websocket"], ["polling"], ["polling", "websocket"]].map(
    (list) => new Listener(t, server, viewer.token, { transports: list }),
  );
  for (const listener of listeners) await listener.connected();
  let writing = true;
  const cutting = listeners.map(async (listener) => {
    for (let cuts = 1; writing; ++cuts) {
      listener.dropTransport();
      await listener.connected(cuts + 1);
    }
  });
  const titles = await newEpisodes("Cut", 150);
  writing = false;
  await Promise.all(cutting);
  await fence(...listeners);
  for (const listener of listeners) {
    assert.deepEqual(created(listener, "Cut"), titles);
    assert.ok(listener.connects.length > 3);
    assert.ok(listener.connects.slice(1).every((recovered) => recovered));
  }
});

for (const signal of ["SIGTERM", "SIGKILL"]) {
  test(`across a restart (${signal}), with subscriptions`, async (t) => {
    const everything = await new Listener(t, server, viewer.token).connected();
    const episode = await newEpisode(`${signal} subscribed`);
    const other = await newEpisode(`${signal} other`);
    const auth = { feed: false };
    const one = await new Listener(t, server, viewer.token, { auth }).connected();
    const never = await new Listener(t, server, viewer.token, { auth }).connected();
    await one.subscribe(episode);
    await never.subscribe(episode);
    await never.ask("unsubscribe", { resourceType: "episode", resourceId: episode.id });
    await fence(everything, one, never);
    for (const listener of [everything, one, never]) listener.socket.io.reconnection(false);
    // Written while nobody listens: as when clients are slower to come back than writers.
    await server.end(signal);
    for (const listener of [everything, one, never]) {
      await listener.disconnected();
      assert.deepEqual(listener.disconnects, ["transport close"]);
    }
    await server.launch();
    await editor.updateEpisode(other.id, { title: `${signal} other, changed` });
    await editor.updateEpisode(episode.id, { title: `${signal} changed` });
    for (const listener of [everything, one, never]) {
      listener.socket.io.reconnection(true);
      listener.socket.io.connect();
      await listener.connected(2);
      assert.deepEqual(listener.connects, [false, true]);
    }
    await editor.updateEpisode(episode.id, { title: `${signal} changed again` });
    await fence(everything, one, never);
    assert.deepEqual(one.titles(), [`${signal} changed`, `${signal} changed again`]);
    assert.deepEqual(never.titles(), []);
    assert.deepEqual(everything.titles().slice(-3), [
      `${signal} other, changed`,
      `${signal} changed`,
      `${signal} changed again`,
    ]);
  });
}

test("clients come back by themselves to a server that is restarted", async (t) => {
  const listeners = ["websocket", "polling"].map(
    (transport) => new Listener(t, server, viewer.token, { transports: [transport] }),
  );
  for (const listener of listeners) await listener.connected();
  await newEpisode("Drain 1");
  assert.equal(await server.end("SIGTERM"), 0);
  await server.launch();
  await newEpisode("Drain 2");
  for (const listener of listeners) {
    await listener.connected(2);
    assert.match(listener.disconnects[0], /^transport (close|error)$/);
  }
  await fence(...listeners);
  for (const listener of listeners) {
    assert.deepEqual(created(listener, "Drain"), ["Drain 1", "Drain 2"]);
    assert.deepEqual(listener.connects, [false, true]);
  }
});

describe("refused: the client must fetch again", () => {
  /** `forge(pid, offset)` gives what the client claims; resolves to whether it was recovered. */
  async function claim(t, forge, token = viewer.token, nsp = "/real-time") {
    const first = new RawClient(t, server);
    const { pid } = await first.connect({ token: viewer.token });
    await admin.broadcast("seen");
    await eventually("an event", () => first.events().length > 0);
    first.ws.close();
    await first.closed;
    await newEpisode("Not for you");
    const again = new RawClient(t, server, nsp);
    const answer = await again.connect({ token, ...forge(pid, first.events()[0][2]) });
    assert.ok(answer.sid && answer.pid, JSON.stringify(answer));
    const recovered = answer.pid === pid;
    if (!recovered) {
      assert.deepEqual(again.events(), []);
      await admin.broadcast("alive");
      await eventually("live events all the same", () => again.events().length > 0);
      assert.equal(again.events()[0][0], "alive");
    }
    return recovered;
  }

  test("(what is claimed truly is recovered)", async (t) => {
    assert.equal(await claim(t, (pid, offset) => ({ pid, offset })), true);
  });

  const forgeries = {
    "a forged pid": (pid, offset) => ({ pid: "f" + pid.slice(1), offset }),
    "a pid with a forged seal": (pid, offset) => ({ pid: pid.slice(0, -3) + "AAA", offset }),
    "a pid that is nonsense": (_, offset) => ({ pid: "~~~", offset }),
    "an endless pid": (pid, offset) => ({ pid: pid.repeat(50), offset }),
    "an offset that is nonsense": (pid) => ({ pid, offset: "zz!" }),
    "an offset of the future": (pid) => ({ pid, offset: "hffffffffa1" }),
  };
  for (const [what, forge] of Object.entries(forgeries)) {
    test(what, async (t) => assert.equal(await claim(t, forge), false));
  }

  test("somebody else's pid", async (t) => {
    const claimed = (pid, offset) => ({ pid, offset });
    assert.equal(await claim(t, claimed, editor.token), false);
  });

  test("an offset with too much after it; the old subscriptions are gone too", async (t) => {
    const auth = { feed: false };
    const episode = await newEpisode("Left behind");
    const listener = await new Listener(t, server, viewer.token).connected();
    const reader = await new Listener(t, server, viewer.token, { auth }).connected();
    await reader.subscribe(episode);
    await editor.updateEpisode(episode.id, { title: "Left behind, seen" });
    await reader.event("episode_updated");
    await fence(listener, reader);
    listener.socket.io.reconnection(false);
    reader.socket.io.reconnection(false);
    listener.dropTransport();
    reader.dropTransport();
    const rows = Array.from({ length: 2100 }, (_, i) => `99,${i},Bulk ${i}`);
    const csv = `season,episode,title\n${rows.join("\n")}\n`;
    await editor.need("POST", "/episodes/import", undefined, {
      raw: csv,
      headers: { "Content-Type": "text/csv" },
    });
    for (let i = 0; i < 2; ++i) await admin.broadcast("large", { text: "x".repeat(60_000) });
    listener.socket.io.connect();
    await listener.connected(2);
    assert.deepEqual(listener.connects, [false, false]);
    assert.deepEqual(created(listener, "Bulk"), []);
    await fence(listener);

    // The reader missed little, whatever others missed: it is not told to fetch again.
    reader.socket.io.connect();
    await reader.connected(2);
    assert.deepEqual(reader.connects, [false, true]);
  });

  test("a client that has to start anew has none of its old subscriptions", async (t) => {
    const auth = { token: viewer.token, feed: false };
    const episode = await newEpisode("Forgotten");
    const first = new RawClient(t, server);
    const { pid } = await first.connect(auth);
    const input = { resourceType: "episode", resourceId: episode.id };
    first.ws.send(`42/real-time,1${JSON.stringify(["subscribe", input])}`);
    await eventually("the ack", () => first.packets.some((text) => text.startsWith("43")));
    first.ws.close();
    await first.closed;
    for (let i = 0; i < 90; ++i) await admin.broadcast("large", { text: "x".repeat(60_000) });
    const again = new RawClient(t, server);
    const answer = await again.connect({ ...auth, pid });
    assert.notEqual(answer.pid, pid, "more than may be replayed");
    await editor.updateEpisode(episode.id, { title: "Unheard" });
    await admin.broadcast("end_of_test");
    await eventually("the marker", () => again.events().some(([name]) => name === "end_of_test"));
    assert.deepEqual(
      again.events().map(([name]) => name),
      ["end_of_test"],
    );
  });
});

/** Forwards TCP; connections that are stalled stay open and carry nothing any more. */
class Proxy {
  pairs = [];
  allowances = []; // Bytes to the client, after which each of the next connections breaks.

  static async start(t, port) {
    const proxy = new Proxy();
    const listening = createServer({ allowHalfOpen: true }, (client) => {
      const upstream = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
      for (const socket of [client, upstream]) socket.on("error", () => {});
      client.pipe(upstream);
      upstream.pipe(client);
      proxy.pairs.push([client, upstream]);
      let allowed = proxy.allowances.shift() ?? Infinity;
      upstream.on("data", (chunk) => {
        allowed -= chunk.length;
        if (allowed < 0) client.destroy();
      });
    });
    listening.listen(0, "127.0.0.1");
    await once(listening, "listening");
    proxy.url = `http://127.0.0.1:${listening.address().port}`;
    t.after(() => {
      for (const pair of proxy.pairs) for (const socket of pair) socket.destroy();
      listening.close();
    });
    return proxy;
  }

  stall() {
    for (const [client, upstream] of this.pairs) {
      client.unpipe(upstream);
      upstream.unpipe(client);
      client.pause();
      upstream.pause();
    }
  }
}

test("a client that comes back takes over the connection that the server believes is alive", async (t) => {
  const proxy = await Proxy.start(t, server.port);
  const listener = new Listener(t, server, viewer.token, { url: proxy.url });
  await listener.connected();
  await newEpisode("Half-open seen");
  await listener.event((event) => event.payload?.title === "Half-open seen");
  const { id } = listener.socket;
  const missed = await whileAway(listener, async () => {
    proxy.stall();
    return newEpisodes("Half-open", 5);
  });
  await fence(listener);
  assert.deepEqual(created(listener, "Half-open"), ["Half-open seen", ...missed]);
  assert.deepEqual(listener.connects, [false, true]);
  const connections = await admin.need("GET", "/realtime/connections");
  assert.equal(connections.filter((connection) => connection.sid === id).length, 1);
});

test("cut off again in the middle of what was missed: still once, in order", async (t) => {
  const proxy = await Proxy.start(t, server.port);
  const listener = new Listener(t, server, viewer.token, { url: proxy.url });
  await listener.connected();
  await newEpisode("Replay seen");
  await listener.event((event) => event.payload?.title === "Replay seen");
  const missed = await whileAway(listener, async () => {
    const titles = await newEpisodes("Replay", 300);
    proxy.allowances = [20_000, 60_000, 100_000];
    return titles;
  });
  await fence(listener);
  assert.deepEqual(created(listener, "Replay"), ["Replay seen", ...missed]);
  assert.ok(listener.connects.slice(1).every((recovered) => recovered));
});

test("a client that went away on purpose leaves nothing behind", async (t) => {
  const listener = await new Listener(t, server, viewer.token).connected();
  const sid = listener.socket.id;
  await listener.subscribe(await newEpisode("Bye"));
  listener.socket.disconnect();
  await eventually("it is gone", async () => {
    const connections = await admin.need("GET", "/realtime/connections");
    return !connections.some((connection) => connection.sid === sid);
  });
});

test("an access token that runs out: closed, refreshed by the client, nothing missed", async (t) => {
  const brief = await ShowrunnerServer.start(t, { env: { SHOWRUNNER_ACCESS_TOKEN_S: "3" } });
  const session = await signIn(brief, brief.adminEmail, brief.adminPassword);
  const first = session.token;
  const token = async () => {
    await session.refresh();
    return session.token;
  };
  const listener = await new Listener(t, brief, token).connected();
  await listener.connected(2);
  assert.match(listener.disconnects[0], /^transport close$/, "so that the client comes back");
  assert.equal(listener.socket.connected, true);
  assert.deepEqual(listener.connects.slice(0, 2), [false, true]);
  await session.refresh();
  await session.broadcast("still_here");
  await listener.event("still_here");

  // The first token has run out by now: an edit by it, a socket with it.
  const expired = await request(brief, "GET", "/api/v1/auth/me", { token: first });
  assert.equal(expired.status, 401);
  assert.equal(expired.body.code, "TOKEN_EXPIRED");
  const late = new Listener(t, brief, first);
  assert.equal((await late.refused()).code, "TOKEN_EXPIRED");
  assert.equal(late.socket.active, false);
});
