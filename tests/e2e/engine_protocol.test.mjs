// Engine.IO 4 as its protocol description has it, spoken raw.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "node:net";
import { once } from "node:events";
import { RawEngine, RawSocket, delay, startEcho } from "./echo_server.mjs";

const pingInterval = 300;
const pingTimeout = 200;

async function start(t, ...flags) {
  const server = await startEcho(
    t,
    "--ping-interval", String(pingInterval),
    "--ping-timeout", String(pingTimeout),
    "--max-payload", "1000000",
    ...flags,
  );
  return new RawEngine(server.url, "/engine.io/");
}

test("the handshake over polling and over WebSocket", async (t) => {
  const engine = await start(t);
  const response = await engine.fetch({});
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type").toLowerCase(), "text/plain; charset=utf-8");
  assert.equal(response.headers.get("cache-control"), "no-store");
  const text = await response.text();
  assert.equal(text[0], "0");
  const hello = JSON.parse(text.slice(1));
  assert.deepEqual(Object.keys(hello), [
    "sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload",
  ]);
  assert.deepEqual(hello.upgrades, ["websocket"]);
  assert.equal(hello.pingInterval, pingInterval);
  assert.equal(hello.pingTimeout, pingTimeout);
  assert.equal(hello.maxPayload, 1000000);

  const socket = await engine.openSocket();
  assert.deepEqual(Object.keys(socket.handshake), [
    "sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload",
  ]);
  assert.deepEqual(socket.handshake.upgrades, []);
  socket.close();
});

test("requests that are none are refused", async (t) => {
  const engine = await start(t);
  const refusals = [
    [{ EIO: "abc" }, "GET", 5],
    [{ EIO: "3" }, "GET", 5],
    [{ transport: "abc" }, "GET", 0],
    [{ transport: "__proto__" }, "GET", 0],
    [{ transport: "constructor" }, "GET", 0],
    [{ transport: "" }, "GET", 0],
    [{}, "POST", 2],
    [{}, "PUT", 2],
    [{ transport: "websocket" }, "GET", 3],
    [{ sid: "unknown" }, "GET", 1],
    [{ sid: "unknown" }, "POST", 1],
  ];
  for (const [query, method, code] of refusals) {
    const response = await engine.fetch(query, { method });
    assert.equal(response.status, 400, JSON.stringify(query));
    assert.equal((await response.json()).code, code, JSON.stringify(query));
  }
  const plain = await fetch(`${engine.url}/engine.io/`);
  assert.equal(plain.status, 400);
  const sid = await engine.open();
  assert.equal((await engine.fetch({ sid }, { method: "PUT" })).status, 500);
  for (const query of [{ EIO: "abc" }, { transport: "abc" }, { transport: "polling" }, { sid: "x" }]) {
    const socket = engine.socket(query);
    assert.equal(await socket.closed, 1006, JSON.stringify(query));
  }
});

test("messages go both ways over polling, text and binary", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  const posted = await engine.post(sid, "4hello");
  assert.equal(posted.status, 200);
  assert.equal(await posted.text(), "ok");
  assert.equal(posted.headers.get("content-type"), "text/html");
  assert.equal(await engine.pollText(sid), "4hello");

  await engine.post(sid, "4test1\x1e4test2\x1e4test3");
  assert.equal(await engine.pollText(sid), "4test1\x1e4test2\x1e4test3");

  await engine.post(sid, "4text\x1ebAQIDBA==\x1e4\u20ac \u{1f3a8}");
  assert.equal(await engine.pollText(sid), "4text\x1ebAQIDBA==\x1e4\u20ac \u{1f3a8}");
});

test("a POST may come in chunks", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("4chun"));
      controller.enqueue(new TextEncoder().encode("ked"));
      controller.close();
    },
  });
  assert.equal((await engine.post(sid, body, { duplex: "half" })).status, 200);
  assert.equal(await engine.pollText(sid), "4chunked");
});

test("messages go both ways over WebSocket, text and binary", async (t) => {
  const engine = await start(t);
  const socket = await engine.openSocket();
  socket.send("4hello");
  assert.equal(await socket.next(), "4hello");
  socket.send(Buffer.from([1, 2, 3, 4]));
  assert.deepEqual(await socket.next(), Buffer.from([1, 2, 3, 4]));
  socket.send("4");
  assert.equal(await socket.next(), "4");
  const long = "4" + "\u20ac".repeat(100000);
  socket.send(long);
  assert.equal(await socket.next(), long);
  socket.close();
});

test("invalid packets end the session", async (t) => {
  const engine = await start(t);
  for (const body of ["abc", "", "7", "4a\x1e", "b***"]) {
    const sid = await engine.open();
    assert.equal((await engine.post(sid, body)).status, 400, JSON.stringify(body));
    assert.equal((await engine.poll(sid)).status, 400);
  }
  const sid = await engine.open();
  const octets = await engine.post(sid, Buffer.from([1]), {
    headers: { "content-type": "application/octet-stream" },
  });
  assert.equal(octets.status, 400);
  assert.equal((await engine.poll(sid)).status, 400);

  const pinging = await engine.open();
  await engine.post(pinging, "2");
  assert.equal((await engine.poll(pinging)).status, 400);

  for (const text of ["abc", "", "2", "9"]) {
    const socket = await engine.openSocket();
    socket.send(text);
    await socket.closed;
  }
});

test("a body that is too large is 413, a frame that is too large 1009", async (t) => {
  const engine = await start(t, "--max-payload", "1000");
  const sid = await engine.open();
  assert.equal((await engine.post(sid, "4" + "x".repeat(1000))).status, 413);
  const socket = await engine.openSocket();
  socket.send("4" + "x".repeat(1000));
  assert.equal(await socket.closed, 1009);
});

test("the server pings, over both transports", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  for (let i = 0; i < 3; i++) {
    assert.equal(await engine.pollText(sid), "2");
    await engine.post(sid, "3");
  }
  const socket = await engine.openSocket();
  for (let i = 0; i < 3; i++) {
    assert.equal(await socket.next(), "2");
    socket.send("3");
  }
  socket.close();
});

test("a client that does not answer pings is closed, to the millisecond", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  await delay(pingInterval + pingTimeout);
  // On a busy machine the ping itself, or word of the end, may still wait for us.
  let { status } = await engine.poll(sid);
  while (status === 200) ({ status } = await engine.poll(sid));
  assert.equal(status, 400);

  const socket = await engine.openSocket();
  const opened = performance.now();
  await socket.closed;
  assert.ok(performance.now() - opened < pingInterval + pingTimeout + 100);
});

test("other traffic does not replace a pong", async (t) => {
  const engine = await start(t);
  const socket = await engine.openSocket();
  const chatter = setInterval(() => socket.send("4x"), 50);
  await socket.closed;
  clearInterval(chatter);
});

test("a client closes over polling: the poll under way answers noop", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  const [held, posted] = await Promise.all([engine.pollText(sid), engine.post(sid, "1")]);
  assert.equal(held, "6");
  assert.equal(await posted.text(), "ok");
  assert.equal((await engine.poll(sid)).status, 400);
});

test("a client closes over WebSocket", async (t) => {
  const engine = await start(t);
  const socket = await engine.openSocket();
  socket.send("1");
  await socket.closed;
  const other = await engine.openSocket();
  other.close();
  assert.equal(await other.closed, 1005);
});

test("two polls at once end the session: the held one answers close", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  const held = engine.poll(sid);
  await delay(20);
  const second = await engine.poll(sid);
  assert.equal(second.status, 400);
  const first = await held;
  assert.equal(first.status, 200);
  assert.equal(await first.text(), "1");
  assert.equal((await engine.poll(sid)).status, 400);
});

test("two posts at once end the session", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  const { hostname, port } = new URL(engine.url);
  const slow = connect(Number(port), hostname);
  slow.write(
    `POST /engine.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\n` +
      "Content-Length: 10\r\n\r\n4he",
  );
  await delay(50);
  assert.equal((await engine.post(sid, "4hello")).status, 400);
  assert.equal((await engine.poll(sid)).status, 400);
  slow.destroy();
});

test("a poll whose connection breaks ends the session", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  const abort = new AbortController();
  const held = engine.poll(sid, { signal: abort.signal });
  await delay(20);
  abort.abort();
  await assert.rejects(held);
  await delay(50);
  assert.equal((await engine.poll(sid)).status, 400);
});

test("the upgrade: probe, noop for every poll, then messages over WebSocket", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  const held = engine.pollText(sid);
  const socket = engine.socket({ sid });
  await socket.opened;
  socket.send("2probe");
  assert.equal(await socket.next(), "3probe");
  assert.equal(await held, "6");
  await engine.post(sid, "4kept");
  assert.equal(await engine.pollText(sid), "6");
  assert.equal(await engine.pollText(sid), "6");
  socket.send("5");
  assert.equal(await socket.next(), "4kept");
  socket.send("4hello");
  assert.equal(await socket.next(), "4hello");
  const response = await engine.poll(sid);
  assert.equal(response.status, 400);
  assert.equal((await response.json()).code, 3);
  assert.equal(await socket.next(), "2");
  socket.close();
});

test("frames that follow the upgrade in one piece are read", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  const socket = engine.socket({ sid });
  await socket.opened;
  socket.send("2probe");
  await socket.next();
  socket.ws._socket.cork();
  socket.send("5");
  socket.send("4one");
  socket.send("4two");
  socket.ws._socket.uncork();
  assert.equal(await socket.next(), "4one");
  assert.equal(await socket.next(), "4two");
  socket.close();
});

test("an upgrade that fails leaves the session on polling", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  const socket = engine.socket({ sid });
  await socket.opened;
  socket.send("2probe");
  await socket.next();
  socket.ws.terminate();
  await delay(20);
  await engine.post(sid, "4still here");
  assert.equal(await engine.pollText(sid), "4still here");
});

test("a second WebSocket for a session is closed, the first goes on", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  const socket = engine.socket({ sid });
  await socket.opened;
  const during = engine.socket({ sid });
  await during.closed;
  socket.send("2probe");
  await socket.next();
  socket.send("5");
  const after = engine.socket({ sid });
  await after.opened;
  await after.closed;
  socket.send("4hello");
  assert.equal(await socket.next(), "4hello");
  const own = await engine.openSocket();
  const again = engine.socket({ sid: own.handshake.sid });
  await again.closed;
  own.send("4own");
  assert.equal(await own.next(), "4own");
  own.close();
  socket.close();
});

test("a broken upgrade request is not taken for a poll", async (t) => {
  const engine = await start(t);
  const sid = await engine.open();
  const { hostname, port } = new URL(engine.url);
  const raw = connect(Number(port), hostname);
  raw.write(
    `GET /engine.io/?EIO=4&transport=websocket&sid=${sid} HTTP/1.1\r\nHost: x\r\n` +
      "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
  );
  const [answer] = await once(raw, "data");
  assert.match(answer.toString(), /^HTTP\/1.1 400 /);
  raw.destroy();
});

test("WebSocket control frames and closes follow the standard", async (t) => {
  const engine = await start(t);
  const socket = await engine.openSocket();
  socket.ws.ping("are you there");
  const [payload] = await once(socket.ws, "pong");
  assert.equal(payload.toString(), "are you there");
  socket.ws.close(1000, "bye");
  assert.equal(await socket.closed, 1000);

  const { hostname, port } = new URL(engine.url);
  const raw = connect(Number(port), hostname);
  raw.write(
    "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n" +
      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  const [greeting] = await once(raw, "data");
  assert.match(greeting.toString("latin1"), /s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
  raw.write(Buffer.from([0x81, 0x02, 0x34, 0x61]));  // Not masked.
  const [closing] = await once(raw, "data");
  assert.deepEqual(closing.subarray(-4), Buffer.from([0x88, 0x02, 0x03, 0xea]));
  raw.destroy();
});

test("pages of other origins are told apart", async (t) => {
  const server = await startEcho(t, "--cors", "https://app.example");
  const engine = new RawEngine(server.url);
  const from = (Origin) => ({ headers: { Origin } });
  const good = await engine.fetch({}, from("https://app.example"));
  assert.equal(good.headers.get("access-control-allow-origin"), "https://app.example");
  assert.equal(good.headers.get("access-control-allow-credentials"), "true");
  assert.equal(good.headers.get("vary").includes("Origin"), true);
  const preflight = await engine.fetch({}, {
    method: "OPTIONS",
    headers: {
      Origin: "https://app.example",
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "x-custom",
    },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), "https://app.example");
  assert.equal(preflight.headers.get("access-control-allow-headers"), "x-custom");

  const bad = await engine.fetch({}, from("https://evil.example"));
  assert.equal(bad.headers.get("access-control-allow-origin"), null);
  const sid = await engine.open();
  const refused = await engine.poll(sid, from("https://evil.example"));
  assert.equal(refused.status, 403);
  assert.equal((await refused.json()).code, 4);

  const address = engine.address({ EIO: "4", transport: "websocket" }).replace("http", "ws");
  const evil = new RawSocket(address, { origin: "https://evil.example" });
  assert.equal(await evil.closed, 1006);
  const welcome = new RawSocket(address, { origin: "https://app.example" });
  assert.match(await welcome.next(), /^0/);
  welcome.close();
});
