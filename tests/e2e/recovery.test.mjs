// Connection state recovery with the official client: nothing missed, nothing twice.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { io } from "socket.io-client";
import { RawEngine, startEcho } from "./echo_server.mjs";

function client(t, url, options) {
  const socket = io(url, {
    forceNew: true, transports: ["websocket"], reconnectionDelay: 20, randomizationFactor: 0,
    ...options,
  });
  t.after(() => socket.disconnect());
  return socket;
}

/** Breaks the connection under a client without saying so to the server. */
function dropConnection(socket) {
  socket.io.engine.close();
}

function reconnected(socket) {
  return new Promise((resolve) => socket.once("connect", resolve));
}

/** A raw client in `/`: answers `{sid, pid}`, and the offset of its auth event. */
async function join(engine) {
  const socket = await engine.openSocket();
  socket.send("40");
  const { sid, pid } = JSON.parse((await socket.next()).slice(2));
  const [, , offset] = JSON.parse((await socket.next()).slice(2));
  return { socket, sid, pid, offset };
}

async function publish(publisher, ...values) {
  for (const value of values) publisher.emit("pub", value);
  await publisher.emitWithAck("message-with-ack", 1);
}

test("what was missed is replayed, in order, before what is new", async (t) => {
  const { url } = await startEcho(t, "--recovery");
  const publisher = client(t, url);
  const socket = client(t, url);
  await once(socket, "auth");
  const id = socket.id;
  const received = [];
  socket.on("ev", (value, offset) => {
    assert.equal(typeof offset, "string");
    received.push(value);
  });
  await publish(publisher, 1, 2);
  dropConnection(socket);
  await publish(publisher, 3, 4, Buffer.from([5]));
  await reconnected(socket);
  assert.equal(socket.recovered, true);
  assert.equal(socket.id, id);
  await publish(publisher, 6);
  await socket.emitWithAck("message-with-ack", 1);
  assert.deepEqual(received, [1, 2, 3, 4, Buffer.from([5]), 6]);
});

test("a client that has received nothing yet recovers too", async (t) => {
  const { url } = await startEcho(t, "--recovery");
  const engine = new RawEngine(url);
  const publisher = client(t, url);
  await once(publisher, "auth");
  const first = await engine.openSocket();
  first.send("40");
  const { sid, pid } = JSON.parse((await first.next()).slice(2));
  first.ws.terminate();
  await first.closed;
  await publish(publisher, "missed");
  const again = await engine.openSocket();
  again.send(`40{"pid":"${pid}"}`);
  assert.deepEqual(JSON.parse((await again.next()).slice(2)), { sid, pid });
  assert.match(await again.next(), /^42\["auth",\{\},"[^"]+"\]$/);
  assert.match(await again.next(), /^42\["ev","missed","[^"]+"\]$/);
  again.close();
});

test("a half-open connection is taken over", async (t) => {
  const { url } = await startEcho(t, "--recovery");
  const engine = new RawEngine(url);
  const publisher = client(t, url);
  const { socket: old, sid, pid, offset } = await join(engine);
  await publish(publisher, "unread");  // The old connection is still there, and gets it as well.
  const fresh = await engine.openSocket();
  fresh.send(`40{"pid":"${pid}","offset":"${offset}"}`);
  assert.deepEqual(JSON.parse((await fresh.next()).slice(2)), { sid, pid });
  assert.match(await fresh.next(), /^42\["ev","unread","[^"]+"\]$/);
  await old.closed;
  fresh.close();
});

test("offsets that are not ours, and sessions that are gone, begin anew", async (t) => {
  const { url } = await startEcho(t, "--recovery");
  const engine = new RawEngine(url);
  const { socket: first, pid, offset } = await join(engine);
  first.ws.terminate();
  await first.closed;
  const epoch = offset.split(".")[0];
  for (const wrong of ["x", `${epoch}.`, `${epoch}.1x`, `${epoch}.99999`, "other.1", "a string"]) {
    const socket = await engine.openSocket();
    socket.send(`40${JSON.stringify({ pid, offset: wrong })}`);
    const answer = JSON.parse((await socket.next()).slice(2));
    assert.notEqual(answer.pid, pid, wrong);
    socket.close();
  }
  const unknown = await engine.openSocket();
  unknown.send(`40{"pid":"unknown","offset":"${offset}"}`);
  assert.match(await unknown.next(), /^40\{"sid"/);
  unknown.close();

  const { socket: leaving, pid: left } = await join(engine);
  leaving.send("41");
  leaving.send(`40{"pid":"${left}"}`);
  assert.notEqual(JSON.parse((await leaving.next()).slice(2)).pid, left);
  leaving.close();
});

test("recovery over polling", async (t) => {
  const { url } = await startEcho(t, "--recovery");
  const publisher = client(t, url);
  const socket = client(t, url, { transports: ["polling"] });
  await once(socket, "auth");
  const received = [];
  socket.on("ev", (value) => received.push(value));
  dropConnection(socket);
  await publish(publisher, 1, 2, 3);
  await reconnected(socket);
  assert.equal(socket.recovered, true);
  assert.deepEqual(received, [1, 2, 3]);
});

test("clients cut off again and again miss nothing and get nothing twice", async (t) => {
  const { url } = await startEcho(t, "--recovery");
  // The network between: cuts connections in the middle of whatever they are doing.
  const links = new Set();
  const proxy = createServer((near) => {
    const far = connect(Number(new URL(url).port), "127.0.0.1");
    const link = () => { near.destroy(); far.destroy(); links.delete(link); };
    links.add(link);
    for (const end of [near, far]) end.on("error", link).on("close", link);
    near.pipe(far).pipe(near);
  }).listen(0, "127.0.0.1");
  t.after(() => proxy.close());
  await once(proxy, "listening");
  const publisher = client(t, url);
  const receivers = Array.from({ length: 20 }, () =>
    client(t, `http://127.0.0.1:${proxy.address().port}`, { reconnectionDelayMax: 40 }),
  );
  const received = receivers.map((socket) => {
    const values = [];
    socket.on("ev", (value) => values.push(value));
    socket.on("connect", () => assert.ok(values.length === 0 || socket.recovered));
    return values;
  });
  await Promise.all(receivers.map((socket) => once(socket, "auth")));
  const total = 2000;
  for (let i = 0; i < total; i++) {
    publisher.emit("pub", i);
    if (i % 20 === 19) {
      await publisher.emitWithAck("message-with-ack", 1);
      const all = [...links];
      all[i % all.length]?.();
    }
  }
  const everything = Array.from({ length: total }, (_, i) => i);
  await Promise.all(
    receivers.map((socket, i) => new Promise((resolve) => {
      const check = () => received[i].length >= total && resolve();
      socket.on("ev", check);
      check();
    })),
  );
  for (const values of received) assert.deepEqual(values, everything);
});

for (const { megabytes, recovered } of [
  { megabytes: 3, recovered: true },
  { megabytes: 12, recovered: false },  // More than a replay may have: the client must refetch.
]) {
  test(`a slow reader is closed; ${megabytes} MB later it is told the truth`, async (t) => {
    const { url } = await startEcho(t, "--recovery");
    const publisher = client(t, url);
    const socket = client(t, url);
    await once(socket, "auth");
    const received = [];
    socket.on("ev", ([value]) => received.push(value));
    socket.io.engine.transport.ws._socket.pause();
    const blob = "x".repeat(10_000);
    const total = megabytes * 100;
    for (let i = 0; i < total; i += 100) {
      await publish(publisher, ...Array.from({ length: 100 }, (_, n) => [i + n, blob]));
    }
    const back = reconnected(socket);
    socket.io.engine.transport.ws._socket.resume();
    await back;
    assert.equal(socket.recovered, recovered);
    await socket.emitWithAck("message-with-ack", 1);
    if (recovered) assert.deepEqual(received, Array.from({ length: total }, (_, i) => i));
    else assert.ok(received.length < total);
  });
}
