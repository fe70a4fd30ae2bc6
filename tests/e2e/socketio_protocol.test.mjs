// Socket.IO 5 as its protocol description has it, spoken raw over WebSocket and polling.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RawEngine, startEcho } from "./echo_server.mjs";

async function start(t, ...flags) {
  const server = await startEcho(
    t, "--ping-interval", "300", "--ping-timeout", "200", "--connect-timeout", "1000", ...flags,
  );
  return new RawEngine(server.url);
}

/** A WebSocket that has joined `/`; answers pings. */
async function join(engine) {
  const socket = await engine.openSocket();
  socket.send("40");
  assert.match(await socket.next(), /^40\{"sid":"[^"]+"\}$/);
  assert.equal(await socket.next(), '42["auth",{}]');
  return socket;
}

test("CONNECT, with and without a payload, in two namespaces", async (t) => {
  const engine = await start(t);
  const socket = await engine.openSocket();
  socket.send('40{"token":"123"}');
  const answer = await socket.next();
  const { sid } = JSON.parse(answer.slice(2));
  assert.notEqual(sid, socket.handshake.sid);
  assert.equal(await socket.next(), '42["auth",{"token":"123"}]');
  socket.send("40/custom");
  assert.match(await socket.next(), /^40\/custom,\{"sid":"[^"]+"\}$/);
  assert.equal(await socket.next(), '42/custom,["auth",{}]');
  socket.close();

  const other = await engine.openSocket();
  other.send('40/custom,{"token":"abc"}');
  assert.match(await other.next(), /^40\/custom,\{"sid":"[^"]+"\}$/);
  assert.equal(await other.next(), '42/custom,["auth",{"token":"abc"}]');
  other.close();
});

test("an unknown namespace is refused, and the connection goes on", async (t) => {
  const engine = await start(t);
  const socket = await engine.openSocket();
  socket.send("40/random");
  assert.equal(await socket.next(), '44/random,{"message":"Invalid namespace"}');
  socket.send("40");
  assert.match(await socket.next(), /^40/);
  socket.close();
});

test("who joins no namespace is closed", async (t) => {
  const engine = await start(t);
  const socket = await engine.openSocket();
  const pings = setInterval(() => socket.send("3"), 100);
  await socket.closed;
  clearInterval(pings);
});

test("what is no packet closes the connection", async (t) => {
  const engine = await start(t);
  const beforeConnect = ["4abc", "42[\"message\",\"x\"]", "43[1]", "40[]", "40\"x\"", "40abc", "41"];
  for (const text of beforeConnect) {
    const socket = await engine.openSocket();
    socket.send(text);
    await socket.closed;
  }
  const afterConnect = [
    "40", "4abc", "42{}", "42", "42[]", '42abc["message"]', '42["connect"]', '42["disconnect"]',
    '42["newListener"]', "42[{}]", "42[null]", '42["message"', "43{}", "43[1]", "41{}", "44{}", "47",
    '45["message"]', '451["message"]', '4511-["message"]', '42/custom,["message"]',
    '451-["message",{"_placeholder":true,"num":1}]',
    '451-["message",{"_placeholder":true,"num":-1}]',
    '451-["message",{"_placeholder":true,"num":"0"}]',
  ];
  for (const text of afterConnect) {
    const socket = await join(engine);
    socket.send(text);
    await socket.closed.then(() => {}, () => assert.fail(text));
  }
});

test("a text packet while attachments are outstanding, or an attachment of nothing", async (t) => {
  const engine = await start(t);
  const first = await join(engine);
  first.send('451-["message",{"_placeholder":true,"num":0}]');
  first.send('42["message"]');
  await first.closed;
  const second = await join(engine);
  second.send(Buffer.from([1]));
  await second.closed;
});

test("events and acks, plain and binary, come back as they went", async (t) => {
  const engine = await start(t);
  const socket = await join(engine);
  socket.send('42["message",1,"2",{"3":[true, 4.50]}]');
  assert.equal(await socket.next(), '42["message-back",1,"2",{"3":[true, 4.50]}]');
  socket.send('42["message"]');
  assert.equal(await socket.next(), '42["message-back"]');
  socket.send('42456["message-with-ack",1,"2",{"3":[true]}]');
  assert.equal(await socket.next(), '43456[1,"2",{"3":[true]}]');
  socket.send('420["message-with-ack"]');
  assert.equal(await socket.next(), "430[]");
  socket.send('42["me\\"ssage\\u0000",1]');
  socket.send("42[5,1]");

  const [a, b] = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])];
  const two = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';
  socket.send(`452-["message",${two}]`);
  socket.send(a);
  socket.send(b);
  assert.equal(await socket.next(), `452-["message-back",${two}]`);
  assert.deepEqual(await socket.next(), a);
  assert.deepEqual(await socket.next(), b);
  socket.send(`452-789["message-with-ack",${two}]`);
  socket.send(a);
  socket.send("3");  // Engine packets may come in between.
  socket.send(b);
  assert.equal(await socket.next(), `462-789[${two}]`);
  assert.deepEqual(await socket.next(), a);
  assert.deepEqual(await socket.next(), b);
  socket.close();
});

test("binary events over polling", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  await engine.post(sid, "40");
  await engine.pollText(sid);
  await engine.post(sid, '452-1["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]\x1ebAQID\x1ebBAUG');
  const text = await engine.pollText(sid);
  assert.equal(
    text.replace(/^2\x1e/, ""), // A ping may come before.
    '462-1[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]\x1ebAQID\x1ebBAUG',
  );
});

test("leaving a namespace leaves the connection and the other namespaces alone", async (t) => {
  const engine = await start(t);
  const socket = await join(engine);
  socket.send("40/custom,");
  await socket.next();
  await socket.next();
  socket.send("41/custom");
  socket.send('42["message","hi"]');
  assert.equal(await socket.next(), '42["message-back","hi"]');
  socket.send("40/custom");
  assert.match(await socket.next(), /^40\/custom,/);
  await socket.next();
  socket.send("41");
  assert.equal(await socket.next(), "2");
  socket.send("3");
  assert.equal(await socket.next(), "2");
  socket.close();
});

test("two CONNECTs for one namespace in one payload close the connection", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  await engine.post(sid, "40\x1e40");
  assert.equal((await engine.poll(sid)).status, 400);
});

test("pub reaches everyone in the namespace, the sender too", async (t) => {
  const engine = await start(t);
  const [a, b] = [await join(engine), await join(engine)];
  const sid = await engine.open();
  await engine.post(sid, "40");
  await engine.pollText(sid);
  for (let i = 0; i < 50; i++) a.send(`42["pub",${i}]`);
  for (let i = 0; i < 50; i++) {
    assert.equal(await a.next(), `42["ev",${i}]`);
    assert.equal(await b.next(), `42["ev",${i}]`);
  }
  let polled = [];
  while (polled.length < 50) polled = polled.concat((await engine.pollText(sid)).split("\x1e"));
  assert.deepEqual(polled, Array.from({ length: 50 }, (_, i) => `42["ev",${i}]`));
  a.close();
  b.close();
});
