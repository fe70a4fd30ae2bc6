// The official client against the server, as an application uses it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Socket as Engine } from "engine.io-client";
import { io } from "socket.io-client";
import { startEcho } from "./echo_server.mjs";

function client(t, url, options) {
  const socket = io(url, { forceNew: true, reconnectionDelay: 50, ...options });
  t.after(() => socket.disconnect());
  return socket;
}

async function transportIs(socket, name) {
  if (socket.io.engine.transport.name !== name) await once(socket.io.engine, "upgrade");
  assert.equal(socket.io.engine.transport.name, name);
}

const transportSets = {
  "WebSocket only": ["websocket"],
  "polling only": ["polling"],
  "polling, then WebSocket": ["polling", "websocket"],
};

for (const [name, transports] of Object.entries(transportSets)) {
  test(`${name}: events, acks, binary both ways`, async (t) => {
    const { url } = await startEcho(t);
    const socket = client(t, url, { transports, auth: { token: "abc" } });
    const [auth] = await once(socket, "auth");
    assert.deepEqual(auth, { token: "abc" });
    await transportIs(socket, transports.at(-1));

    const sent = [1, "two \u20ac\x1e\u{1f3a8}", { three: [null, true] }, "x".repeat(200_000)];
    socket.emit("message", ...sent);
    assert.deepEqual(await once(socket, "message-back"), sent);

    const attachments = [Buffer.from([1, 2]), { deep: [Buffer.alloc(100_000, 7)] }];
    socket.emit("message", ...attachments);
    assert.deepEqual(await once(socket, "message-back"), attachments);
    const reply = await new Promise((resolve) =>
      socket.emit("message-with-ack", ...attachments, (...args) => resolve(args)),
    );
    assert.deepEqual(reply, attachments);
    assert.equal(await socket.timeout(1000).emitWithAck("message-with-ack", "a"), "a");
  });
}

test("messages sent during the upgrade arrive once and in order", async (t) => {
  const { url } = await startEcho(t);
  const socket = client(t, url);
  const received = [];
  socket.on("message-back", (i) => received.push(i));
  let i = 0;
  while (socket.io.engine.transport?.name !== "websocket") {
    socket.emit("message", i++);
    await new Promise(setImmediate);
  }
  for (let n = 0; n < 100; n++) socket.emit("message", i++);
  await socket.emitWithAck("message-with-ack", 1);
  assert.deepEqual(received, Array.from({ length: i }, (_, n) => n));
});

test("two namespaces share a connection and nothing else", async (t) => {
  const { url } = await startEcho(t);
  const root = client(t, url, { forceNew: false, auth: { token: "root" } });
  const custom = client(t, `${url}/custom`, { forceNew: false, auth: { token: "custom" } });
  const [[rootAuth], [customAuth]] = await Promise.all([once(root, "auth"), once(custom, "auth")]);
  assert.equal(rootAuth.token, "root");
  assert.equal(customAuth.token, "custom");
  assert.equal(root.io, custom.io);
  assert.notEqual(root.id, custom.id);
  root.disconnect();
  assert.equal(await custom.emitWithAck("message-with-ack", "still here"), "still here");
});

test("an unknown namespace is a connect_error", async (t) => {
  const { url } = await startEcho(t);
  const socket = client(t, `${url}/nowhere`);
  const [error] = await once(socket, "connect_error");
  assert.equal(error.message, "Invalid namespace");
});

test("pings keep an idle client, over either transport", async (t) => {
  const { url } = await startEcho(t, "--ping-interval", "100", "--ping-timeout", "100");
  const sockets = ["websocket", "polling"].map((name) => client(t, url, { transports: [name] }));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  for (const socket of sockets) {
    let pings = 0;
    socket.io.on("ping", () => pings++);
    while (pings < 4) await once(socket.io, "ping");
    assert.equal(socket.connected, true);
  }
});

test("a drained server sends its clients away to come back elsewhere", async (t) => {
  const first = await startEcho(t, "--drain", "50");
  const port = new URL(first.url).port;
  const sockets = [["websocket"], ["polling"], ["polling", "websocket"]].map((transports) =>
    client(t, first.url, { transports, reconnectionDelayMax: 200 }),
  );
  await Promise.all(sockets.map((socket) => once(socket, "auth")));
  const gone = Promise.all(sockets.map((socket) => once(socket, "disconnect")));
  const back = Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.io.on("reconnect", resolve))),
  );
  await first.stop();
  for (const [reason] of await gone) assert.match(reason, /transport (close|error)/);
  await startEcho(t, "--listen", `127.0.0.1:${port}`);
  await back;
  for (const socket of sockets) {
    assert.equal(await socket.emitWithAck("message-with-ack", 1), 1);
  }
});

test("the bare engine echoes for the official engine client", async (t) => {
  const { url } = await startEcho(t);
  const engine = new Engine(url, { path: "/engine.io/" });
  t.after(() => engine.close());
  await once(engine, "open");
  engine.send("text");
  assert.deepEqual(await once(engine, "message"), ["text"]);
  if (engine.transport.name !== "websocket") await once(engine, "upgrade");
  engine.send(Buffer.from([1, 2, 3]));
  const [bytes] = await once(engine, "message");
  assert.deepEqual(Buffer.from(bytes), Buffer.from([1, 2, 3]));
});
