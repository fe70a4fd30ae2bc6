// What connected clients get, and who gets it. How they come back is in resume.test.mjs.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { signInAdmin } from "./api_client.mjs";
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

function newEpisode(title = `Episode ${number + 1}`) {
  return editor.createEpisode({ title, episode_number: ++number });
}

/** Everything sent before this has arrived when the marker has. */
async function fence(...listeners) {
  const name = `marker_${++number}`;
  await admin.broadcast(name);
  for (const listener of listeners) await listener.event(name);
}

describe("connecting", () => {
  for (const nsp of ["/real-time", "/"]) {
    test(`${nsp}: with a token one is in, and hears what others do`, async (t) => {
      const listener = await new Listener(t, server, viewer.token, { nsp }).connected();
      const episode = await newEpisode("Pilot");
      await editor.updateEpisode(episode.id, { title: "The pilot", description: "New" });
      const { payload, offset } = await listener.event(
        (event) => event.name === "episode_updated" && event.payload.episodeId === episode.id,
      );
      assert.deepEqual(payload.actor, { id: editor.user.id, name: "Eve" });
      assert.deepEqual(payload.changedFields, ["title", "description"]);
      assert.equal(payload.title, "The pilot");
      assert.equal(payload.updatedBy, editor.user.id);
      assert.equal(payload.episode.version, 2);
      assert.match(payload.timestamp, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      assert.ok(payload.id && payload.showId);
      assert.match(offset, /^[a-z0-9]+$/);
      const ledger = await viewer.ledger("episode_updated");
      assert.equal(ledger.at(-1).offset, offset, "GET /events and the socket agree on the offset");
      assert.deepEqual(ledger.at(-1).payload, payload, "and on the payload");
      assert.equal(listener.socket.recovered, false);
    });
  }

  test("both namespaces on one connection are independent", async (t) => {
    const one = await new Listener(t, server, viewer.token, { nsp: "/" }).connected();
    const other = one.socket.io.socket("/real-time", { auth: { token: viewer.token } });
    await new Promise((resolve) => other.on("connect", resolve).connect());
    assert.notEqual(one.socket.id, other.id);
    assert.equal(one.socket.io.engine, other.io.engine);
    other.disconnect();
    await fence(one);
  });

  const refusals = [
    ["without a token", undefined],
    ["with an empty token", ""],
    ["with nonsense", "nonsense"],
    ["with a token of the wrong type", { a: 1 }],
    ["with a tampered token", () => viewer.token.slice(0, -4) + "AAAA"],
  ];
  for (const [what, token] of refusals) {
    test(`refused ${what}`, async (t) => {
      const value = typeof token === "function" ? token() : token;
      const listener = new Listener(t, server, value);
      const refusal = await listener.refused();
      assert.equal(refusal.code, "INVALID_TOKEN");
      assert.equal(refusal.message, "INVALID_TOKEN");
      assert.ok(refusal.detail);
      assert.equal(listener.socket.active, false, "and the client does not try again by itself");
    });
  }

  test("another namespace is refused", async (t) => {
    const listener = new Listener(t, server, viewer.token, { nsp: "/other" });
    const error = await new Promise((resolve) => listener.socket.on("connect_error", resolve));
    assert.equal(error.message, "Invalid namespace");
  });
});

describe("what clients ask for", () => {
  test("feed:false hears only of the records it subscribes to", async (t) => {
    const auth = { feed: false };
    const listener = await new Listener(t, server, viewer.token, { auth }).connected();
    const [mine, other] = [await newEpisode("Mine"), await newEpisode("Other")];
    await editor.updateEpisode(mine.id, { title: "Before" });
    await fence(listener);
    const answer = await listener.subscribe(mine);
    assert.equal(answer.ok, true);
    assert.equal(answer.record.id, mine.id);
    assert.equal(answer.record.title, "Before");
    assert.match(answer.offset, /^[a-z0-9]+$/);
    await editor.updateEpisode(other.id, { title: "Other's" });
    await editor.updateEpisode(mine.id, { title: "After" });
    await fence(listener);
    assert.deepEqual(listener.titles(), ["After"]);
    assert.ok(listener.named("episode_updated")[0].offset > answer.offset);

    const left = await listener.ask("unsubscribe", { resourceType: "episode", resourceId: mine.id });
    assert.deepEqual(left, { ok: true });
    await editor.updateEpisode(mine.id, { title: "Unheard" });
    await fence(listener);
    assert.deepEqual(listener.titles(), ["After"]);
  });

  test("with the feed, a subscribed record's events still come once", async (t) => {
    const listener = await new Listener(t, server, viewer.token).connected();
    const episode = await newEpisode();
    assert.equal((await listener.subscribe(episode)).ok, true);
    assert.equal((await listener.subscribe(episode)).ok, true);
    await editor.updateEpisode(episode.id, { title: "Once" });
    await fence(listener);
    assert.deepEqual(listener.titles(), ["Once"]);
  });

  test("nothing falls between the snapshot and the stream", async (t) => {
    const auth = { feed: false };
    const listener = await new Listener(t, server, viewer.token, { auth }).connected();
    const episode = await newEpisode();
    const writing = (async () => {
      for (let i = 1; i <= 60; ++i) await editor.updateEpisode(episode.id, { title: `T${i}` });
    })();
    await editor.updateEpisode(episode.id, { description: "under way" });
    const { record } = await listener.subscribe(episode);
    await writing;
    await fence(listener);
    const versions = listener.named("episode_updated").map((event) => event.payload.episode.version);
    const unknown = versions.filter((version) => version > record.version);
    const expected = Array.from({ length: 62 - record.version }, (_, i) => record.version + 1 + i);
    assert.deepEqual(unknown, expected);
  });

  test("what cannot be done is acknowledged with a code", async (t) => {
    const listener = await new Listener(t, server, viewer.token).connected();
    const nobody = "01890000-0000-7000-8000-000000000000";
    const cases = [
      ["no_such_event", {}, "UNKNOWN_EVENT"],
      ["subscribe", { resourceType: "episode", resourceId: nobody }, "NOT_FOUND"],
      ["subscribe", { resourceType: "user", resourceId: viewer.user.id }, "RESOURCE_TYPE"],
      ["subscribe", { resourceType: "episode", resourceId: "x" }, "INVALID"],
      ["subscribe", { resourceType: "episode", resourceId: 5 }, "INVALID"],
      ["subscribe", "episode", "MALFORMED"],
      ["subscribe", null, "MALFORMED"],
    ];
    for (const [name, input, code] of cases) {
      const answer = await listener.ask(name, input);
      assert.equal(answer.ok, false, name);
      assert.ok(answer.detail, name);
      assert.equal(typeof answer.code, "string");
      if (!["INVALID", "MALFORMED"].includes(code)) assert.equal(answer.code, code);
    }
    listener.socket.emit("no_such_event"); // Without an ack: nothing happens.
    assert.equal((await listener.subscribe(await newEpisode())).ok, true);
  });

  test("a deleted record's room tells of the deletion", async (t) => {
    const auth = { feed: false };
    const listener = await new Listener(t, server, viewer.token, { auth }).connected();
    const episode = await newEpisode("Short-lived");
    await listener.subscribe(episode);
    await editor.need("DELETE", `/episodes/${episode.id}`);
    const { payload } = await listener.event("episode_deleted");
    assert.equal(payload.deleteType, "soft");
    assert.equal(payload.title, "Short-lived");
  });
});

describe("who hears what", () => {
  test("an admin's events reach admins only", async (t) => {
    const [high, low] = [new Listener(t, server, admin.token), new Listener(t, server, editor.token)];
    await Promise.all([high.connected(), low.connected()]);
    const added = await admin.addUser("viewer", "Nell");
    await fence(high, low);
    const created = high.named("user_created").find((event) => event.payload.userId === added.id);
    assert.equal(created.payload.name, "Nell");
    assert.ok(!JSON.stringify(created).includes(added.password));
    const names = new Set(low.events.map((event) => event.name));
    for (const name of ["user_created", "login", "message_sent"]) assert.ok(!names.has(name), name);
    const ledger = await editor.ledger();
    const types = new Set(ledger.map((event) => event.type));
    for (const type of ["user_created", "login", "session_ended"]) assert.ok(!types.has(type), type);
  });

  test("a new role is in force at once, for sockets too", async (t) => {
    const person = await admin.addAndSignIn("editor", "Rolf");
    const listener = await new Listener(t, server, person.token).connected();
    const change = (fields) => admin.need("PATCH", `/users/${person.user.id}`, fields);
    const usersHeardOf = () => listener.named("user_created").length;

    await admin.addUser("viewer");
    await fence(listener);
    assert.equal(usersHeardOf(), 0);
    await change({ role: "admin" });
    await eventually("events for admins", async () => {
      await admin.addUser("viewer");
      await fence(listener);
      return usersHeardOf() > 0;
    });
    await change({ role: "viewer" });
    await eventually("the admins' room is left", async () => {
      const rooms = await roomsOf(person);
      return rooms.includes("role:viewer") && !rooms.includes("role:admin");
    });
    const before = usersHeardOf();
    await admin.addUser("viewer");
    await fence(listener);
    assert.equal(usersHeardOf(), before);
    assert.deepEqual(listener.disconnects, [], "all on the same connection");
    const refused = await person.post("/episodes", { title: "No", episode_number: 999_999 });
    assert.equal(refused.status, 403);
  });

  test("a user who is switched off is out at once", async (t) => {
    const person = await admin.addAndSignIn("editor", "Olga");
    const listener = await new Listener(t, server, person.token).connected();
    await admin.need("PATCH", `/users/${person.user.id}`, { active: false });
    await listener.disconnected();
    assert.equal((await listener.refused()).code, "SESSION_ENDED");
    assert.equal((await person.get("/auth/me")).status, 401);
    assert.equal(listener.connects.length, 1);
  });

  test("signing out closes the session's sockets at once, and only those", async (t) => {
    const person = await admin.addAndSignIn("editor", "Lou");
    const listener = await new Listener(t, server, person.token).connected();
    const other = await new Listener(t, server, editor.token).connected();
    assert.equal((await person.post("/auth/logout")).status, 204);
    await listener.disconnected();
    assert.equal((await listener.refused()).code, "SESSION_ENDED");
    assert.equal(listener.connects.length, 1);
    await fence(other);
    assert.deepEqual(other.disconnects, []);
  });
});

async function roomsOf(person) {
  const connections = await admin.need("GET", "/realtime/connections");
  const found = connections.find((connection) => connection.user_id === person.user.id);
  return found ? found.rooms : [];
}

describe("what admins can do", () => {
  test("send to everybody, to a user, to a room", async (t) => {
    const [eve, vic] = [new Listener(t, server, editor.token), new Listener(t, server, viewer.token)];
    await Promise.all([eve.connected(), vic.connected()]);
    await admin.need("POST", "/realtime/broadcast", { event: "hello", payload: { a: [1, "ü"] } });
    for (const listener of [eve, vic]) {
      const { payload, offset } = await listener.event("hello");
      assert.deepEqual(payload, { a: [1, "ü"] });
      assert.match(offset, /^[a-z0-9]+$/);
    }
    await admin.need("POST", `/realtime/users/${viewer.user.id}`, { event: "for_vic" });
    await admin.need("POST", "/realtime/rooms/role:editor", { event: "for_editors" });
    await fence(eve, vic);
    assert.deepEqual([eve.named("for_vic").length, vic.named("for_vic").length], [0, 1]);
    assert.deepEqual([eve.named("for_editors").length, vic.named("for_editors").length], [1, 0]);
  });

  test("refused: protocol names, names of the catalogue, unknown users, people who may not", async () => {
    for (const event of ["connect", "disconnect", "episode_updated", "Bad Name", ""]) {
      const answer = await admin.post("/realtime/broadcast", { event });
      assert.equal(answer.status, 422, event);
      assert.equal(answer.body.errors[0].field, "event");
    }
    const nobody = "/realtime/users/01890000-0000-7000-8000-000000000000";
    assert.equal((await admin.post(nobody, { event: "x" })).status, 404);
    for (const client of [editor, viewer]) {
      assert.equal((await client.post("/realtime/broadcast", { event: "x" })).status, 403);
      assert.equal((await client.get("/realtime/stats")).status, 403);
      assert.equal((await client.get("/realtime/connections")).status, 403);
      assert.equal((await client.delete("/realtime/connections/x")).status, 403);
    }
  });

  test("see the connections, count them and close one", async (t) => {
    const listener = await new Listener(t, server, viewer.token).connected();
    const sid = listener.socket.id;
    const connections = await admin.need("GET", "/realtime/connections");
    const mine = connections.find((connection) => connection.sid === sid);
    assert.equal(mine.user_name, "Vic");
    assert.equal(mine.role, "viewer");
    assert.equal(mine.transport, "websocket");
    assert.equal(mine.nsp, "/real-time");
    assert.equal(mine.ip_address, "127.0.0.1");
    assert.ok(mine.rooms.includes(`user:${viewer.user.id}`) && mine.rooms.includes("role:viewer"));
    assert.ok(mine.rooms.some((room) => room.startsWith("show:")));
    const stats = await admin.need("GET", "/realtime/stats");
    assert.ok(stats.connections >= 1 && stats.sockets >= 1 && stats.users >= 1 && stats.node);
    assert.equal((await admin.delete(`/realtime/connections/${sid}`)).status, 204);
    await listener.connected(2); // Its client comes back.
    assert.deepEqual(listener.connects, [false, true]);
    assert.equal((await admin.delete("/realtime/connections/nobody")).status, 404);
  });
});

test("a slow reader is closed, costs little memory, and comes back without loss", async (t) => {
  const listener = await new Listener(t, server, editor.token).connected();
  const slow = new RawClient(t, server);
  const { pid, sid } = await slow.connect({ token: viewer.token });
  await admin.broadcast("first");
  await eventually("an event", () => slow.events().length > 0);
  const before = server.residentKb();
  slow.ws.pause();
  const payload = { text: "x".repeat(60_000) };
  let sent = 0;
  await eventually(
    "the slow reader is closed",
    async () => {
      for (let i = 0; i < 8; ++i) await admin.broadcast("large", { ...payload, number: ++sent });
      const connections = await admin.need("GET", "/realtime/connections");
      return !connections.some((connection) => connection.sid === sid);
    },
    60_000,
  );
  const grown = server.residentKb() - before;
  assert.ok(grown < 64 * 1024, `the server grew by ${grown} kB`);
  await eventually("the others have everything", () => listener.named("large").length === sent);
  assert.deepEqual(listener.disconnects, []);

  slow.ws.resume();
  await slow.closed;
  const early = slow.events();
  const again = new RawClient(t, server);
  const answer = await again.connect({ token: viewer.token, pid, offset: early.at(-1)[2] });
  assert.deepEqual(answer, { sid, pid }, "resumed");
  const numbers = [...early, ...again.events()].filter(([name]) => name === "large");
  assert.deepEqual(
    numbers.map(([, { number: seen }]) => seen),
    Array.from({ length: sent }, (_, i) => i + 1),
  );
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assert.match(metrics, /\{limit="queue_bytes"\} [1-9]/);
});
