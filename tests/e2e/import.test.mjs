// Importing tables of episodes: through the API and the command line, small, wrong, endless.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import path from "node:path";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { signInAdmin } from "./api_client.mjs";
import { Listener } from "./listener.mjs";
import { eventually, sharedScope, ShowrunnerServer } from "./showrunner_server.mjs";

const demoFile = fileURLToPath(
  new URL("../../demo/joy-of-painting-episodes.csv", import.meta.url),
);
const demo = readFileSync(demoFile, "utf8");

const scope = sharedScope();
let server;
let admin;
let editor;
let viewer;
let shows = 0;

before(async () => {
  server = await ShowrunnerServer.start(scope);
  admin = await signInAdmin(server);
  editor = await admin.addAndSignIn("editor", "Eve");
  viewer = await admin.addAndSignIn("viewer", "Vic");
});

function send(client, body, query = {}, type = "text/csv", options = {}) {
  return client.send("POST", `/episodes/import?${new URLSearchParams(query)}`, {
    raw: body,
    headers: { "Content-Type": type },
    ...options,
  });
}

/** The result of an import that went through. */
async function load(client, body, query, type) {
  const answer = await send(client, body, query, type);
  assert.equal(answer.status, 200, answer.text);
  return answer.body.data;
}

function counts({ rows, created, updated, skipped, failed }) {
  return { rows, created, updated, skipped, failed };
}

function newShow(name = `Show ${++shows}`) {
  return admin.need("POST", "/shows", { name });
}

async function episodesOf(show) {
  const { body } = await editor.get(`/episodes?show_id=${show.id}&limit=100&sort=episode_number`);
  return body.data;
}

describe("403 real episodes", () => {
  test("a dry run writes nothing and says what would happen", async () => {
    const before = await admin.ledger();
    const result = await load(admin, demo, { dry_run: "true" });
    assert.deepEqual(counts(result), { rows: 403, created: 403, updated: 0, skipped: 0, failed: 0 });
    assert.deepEqual(result.shows_created, ["The Joy of Painting"]);
    assert.equal(result.dry_run, true);
    assert.deepEqual(await admin.ledger(), before);
    assert.equal((await admin.need("GET", "/shows")).length, 1);
  });

  test("imported: on record, in the ledger, at the sockets, with progress", async (t) => {
    // Without the feed: progress is dropped for a connection that is busy with 403 events.
    const own = new Listener(t, server, admin.token, { auth: { feed: false } });
    const other = new Listener(t, server, viewer.token);
    await Promise.all([own.connected(), other.connected()]);
    const importId = randomUUID();
    const result = await load(admin, demo, { import_id: importId });
    assert.equal(result.import_id, importId);
    assert.deepEqual(counts(result), { rows: 403, created: 403, updated: 0, skipped: 0, failed: 0 });
    assert.deepEqual(result.errors, []);
    const done = await own.event((event) => event.name === "import_progress" && event.payload.done);
    assert.deepEqual(counts(done.payload), counts(result));
    assert.equal(done.payload.importId, importId);
    assert.equal(done.payload.bytes, Buffer.byteLength(demo));
    assert.equal(done.offset, undefined, "it is not of the ledger");
    await eventually("events of all of them", () => other.named("episode_created").length === 403);
    assert.deepEqual(other.named("import_progress"), []);
    const show = (await admin.need("GET", "/shows")).find(({ name }) => /Joy/.test(name));
    assert.equal(other.named("show_created")[0].payload.name, "The Joy of Painting");
    const { body } = await admin.get(`/episodes?show_id=${show.id}&count=true&limit=1`);
    assert.equal(body.pagination.total, 403);
    const history = await viewer.ledger("episode_created");
    const titles = history.map((event) => event.payload.title);
    assert.deepEqual(titles, other.titles("episode_created"), "in the same order");
    const found = await editor.get(`/episodes?show_id=${show.id}&season_number=1&sort=episode_number`);
    assert.deepEqual(found.body.data[0].categories.slice(0, 2), ["bushes", "deciduous"]);
    assert.equal(found.body.data[0].title, "A Walk In The Woods");
  });

  test("imported again: all skipped, nothing recorded", async () => {
    const before = await admin.ledger();
    const result = await load(editor, demo);
    assert.deepEqual(counts(result), { rows: 403, created: 0, updated: 0, skipped: 403, failed: 0 });
    const strict = await load(editor, demo, { on_existing: "error" });
    assert.deepEqual(counts(strict), { rows: 403, created: 0, updated: 0, skipped: 0, failed: 403 });
    assert.equal(strict.errors.length, 100);
    assert.equal(strict.errors_truncated, true);
    assert.equal(strict.errors[0].code, "EPISODE_NUMBER_TAKEN");
    assert.equal(strict.errors[0].row, 2);
    const same = await load(editor, demo, { on_existing: "update" });
    assert.deepEqual(counts(same), { rows: 403, created: 0, updated: 0, skipped: 403, failed: 0 });
    assert.deepEqual(await admin.ledger(), before);
  });

  test("updated: only what changed is recorded", async () => {
    const before = (await admin.ledger()).length;
    const changed = demo.replace("A Walk In The Woods", "A Stroll In The Woods");
    const result = await load(editor, changed, { on_existing: "update" });
    assert.deepEqual(counts(result), { rows: 403, created: 0, updated: 1, skipped: 402, failed: 0 });
    const events = (await admin.ledger()).slice(before);
    assert.deepEqual(
      events.map((event) => [event.type, event.payload.changedFields, event.payload.title]),
      [["episode_updated", ["title"], "A Stroll In The Woods"]],
    );
    assert.deepEqual(events[0].payload.actor, { id: editor.user.id, name: "Eve" });
  });
});

describe("rows that are wrong", () => {
  test("each with its row, field and code; the others are imported", async () => {
    const show = await newShow();
    const csv = [
      "season,episode,title,air_date,status,metadata",
      "1,1,Good,2020-01-31,published,\"{\"\"a\"\":1}\"",
      "1,two,Number,,,",
      "1,3,,,,",
      "1,4,Date,31.1.2020,,",
      "1,5,Status,,lost,",
      "1,6,Fields",
      "",
      "1,1,Twice,,,",
      "-1,7,Season,,,",
      `1,8,${"x".repeat(201)},,,`,
      "1,9,Metadata,,,[1]",
      "1,10,Also good,,,",
    ].join("\n");
    const result = await load(editor, csv, { show_id: show.id, on_existing: "error" });
    assert.deepEqual(counts(result), { rows: 11, created: 2, updated: 0, skipped: 0, failed: 9 });
    const errors = result.errors.map(({ row, field }) => [row, field]).sort((a, b) => a[0] - b[0]);
    assert.deepEqual(errors, [
      [3, "episode_number"],
      [4, "title"],
      [5, "air_date"],
      [6, "status"],
      [7, ""],
      [9, "episode_number"],
      [10, "season_number"],
      [11, "title"],
      [12, "metadata"],
    ]);
    assert.ok(result.errors.every(({ code, message }) => /^[A-Z_]+$/.test(code) && message));
    const dry = await load(editor, csv, { show_id: show.id, on_existing: "error", dry_run: true });
    assert.equal(dry.failed, 11, "those on record now too");
    const episodes = await episodesOf(show);
    assert.deepEqual(episodes.map(({ title }) => title), ["Good", "Also good"]);
    assert.equal(episodes[0].status, "published");
    assert.deepEqual(episodes[0].metadata, { a: 1 });
  });

  test("a dry run finds a number that comes twice in the file", async () => {
    const show = await newShow();
    const csv = "episode,title\n1,One\n1,Again\n2,Two\n";
    for (const dry of ["true", "false"]) {
      const query = { show_id: show.id, on_existing: "error", dry_run: dry };
      const result = await load(editor, csv, query);
      assert.deepEqual([result.created, result.failed], [2, 1], `dry run ${dry}`);
      assert.equal(result.errors[0].row, 3);
    }
  });

  const files = {
    "no header": ["", "EMPTY"],
    "only blank lines": ["\n\n", "EMPTY"],
    "an unknown column": ["title,colour\nA,red\n", "UNKNOWN_COLUMN"],
    "an open quote": ['episode,title\n1,"Open\n', "OPEN_QUOTE"],
    "an endless row": [`episode,title\n1,"${"x".repeat(1_100_000)}"\n`, "ROW_TOO_LARGE"],
    "a column twice": ["episode,title,title\n1,A,B\n", "REPEATED_COLUMN"],
  };
  for (const [what, [csv, code]] of Object.entries(files)) {
    test(`a file with ${what} is refused`, async () => {
      const answer = await send(editor, csv);
      assert.equal(answer.status, 422, answer.text);
      assert.deepEqual(answer.body.errors.map((error) => [error.field, error.code]), [["file", code]]);
    });
  }

  test("an unknown show is an error for an editor and made by an admin", async () => {
    const csv = "show,episode,title\nNo such show,1,One\nNO SUCH SHOW,2,Two\n";
    const refused = await load(editor, csv);
    assert.deepEqual([refused.created, refused.failed], [0, 2]);
    assert.equal(refused.errors[0].code, "SHOW_UNKNOWN");
    const made = await load(admin, csv);
    assert.deepEqual([made.created, made.failed], [2, 0]);
    assert.deepEqual(made.shows_created, ["No such show"]);
    const other = await send(editor, csv, { show_id: randomUUID() });
    assert.equal(other.status, 422);
    assert.equal(other.body.errors[0].field, "show_id");
  });

  test("text that no database can hold is an error of its row, not of the server", async () => {
    const show = await newShow();
    const lines = ['{"episode_number":1,"title":"a\\u0000b"}', '{"episode_number":2,"title":"Fine"}'];
    const result = await load(editor, lines.join("\n"), { show_id: show.id }, "application/x-ndjson");
    assert.equal(result.failed, 1);
    assert.equal(result.created, 1);
    const csv = Buffer.concat([Buffer.from("episode,title\n3,"), Buffer.from([0xff, 0xfe, 10])]);
    const answer = await send(editor, csv, { show_id: show.id });
    assert.ok(answer.status < 500, answer.text);
    const zero = await send(editor, "episode,title\n4,a\0b\n5,Five\n", { show_id: show.id });
    assert.equal(zero.status, 200, zero.text);
    assert.deepEqual([zero.body.data.failed, zero.body.data.created], [1, 1]);
  });
});

describe("forms of a table", () => {
  const tables = {
    "quotes, commas and breaks in fields": 'episode,title,description\n1,"A ""quoted"", title","Two\nlines"\n',
    "a byte-order mark and CRLF": "\ufeffepisode,title,description\r\n1,\"A \"\"quoted\"\", title\",\"Two\nlines\"\r\n",
    semicolons: 'episode;title;description\n1;"A ""quoted"", title";"Two\nlines"\n',
    tabs: 'episode\ttitle\tdescription\n1\tA "quoted", title\t"Two\nlines"\n',
    "headers as people write them": 'Episode Number,Name,Description\n1,"A ""quoted"", title","Two\nlines"',
    NDJSON: '{"episode_number":1,"title":"A \\"quoted\\", title","description":"Two\\nlines"}\n\n',
  };
  for (const [what, text] of Object.entries(tables)) {
    test(what, async () => {
      const show = await newShow();
      const type = what === "NDJSON" ? "application/x-ndjson" : "text/csv; charset=utf-8";
      const result = await load(editor, text, { show_id: show.id }, type);
      assert.deepEqual(counts(result), { rows: 1, created: 1, updated: 0, skipped: 0, failed: 0 });
      const [episode] = await episodesOf(show);
      assert.equal(episode.title, 'A "quoted", title');
      assert.equal(episode.description, "Two\nlines");
    });
  }

  test("however the bytes are cut into pieces", async () => {
    const show = await newShow();
    const text = tables["a byte-order mark and CRLF"] + "2;,Zweite „Folge“ 🎨,x\n".replace(";", "");
    async function* pieces() {
      for (const byte of Buffer.from(text)) yield Buffer.from([byte]);
    }
    const result = await load(editor, pieces(), { show_id: show.id });
    assert.equal(result.created, 2, JSON.stringify(result));
    assert.equal((await episodesOf(show))[1].title, "Zweite „Folge“ 🎨");
  });
});

describe("who may send what", () => {
  test("a viewer and a stranger may not", async () => {
    assert.equal((await send(viewer, demo)).status, 403);
    assert.equal((await send(viewer, demo, {}, "text/csv", { token: "" })).status, 401);
  });

  test("another content type is refused before the body", async () => {
    for (const type of ["application/json", "multipart/form-data", ""]) {
      const answer = await send(editor, demo, {}, type);
      assert.equal(answer.status, 415, type);
      assert.equal(answer.headers.get("content-type"), "application/problem+json");
    }
  });

  test("a file that is too large is refused before the body", async () => {
    const socket = createConnection(server.port, "127.0.0.1");
    socket.write(
      "POST /api/v1/episodes/import HTTP/1.1\r\nHost: test\r\nContent-Type: text/csv\r\n" +
        `Authorization: Bearer ${editor.token}\r\nContent-Length: 5000000000\r\n\r\nepisode,title\n`,
    );
    const [head] = await once(socket, "data");
    assert.match(head.toString(), /^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  test("wrong parameters are named", async () => {
    for (const [name, value] of [
      ["on_existing", "replace"],
      ["dry_run", "maybe"],
      ["show_id", "x"],
      ["import_id", "x"],
      ["color", "red"],
    ]) {
      const answer = await send(editor, demo, { [name]: value });
      assert.ok([400, 422].includes(answer.status), `${name}: ${answer.status}`);
      assert.ok(answer.text.includes(name), answer.text);
    }
  });
});

test("an upload that breaks off leaves whole batches, and can be done again", async (t) => {
  const show = await newShow();
  const listener = await new Listener(t, server, editor.token).connected();
  const importId = randomUUID();
  const lines = Array.from({ length: 450 }, (_, i) => `${i + 1},Broken ${i + 1}\n`);
  const breaking = new AbortController();
  async function* slow() {
    yield Buffer.from("episode,title\n");
    for (const line of lines) yield Buffer.from(line);
    await new Promise(() => {}); // The rest never comes.
  }
  const query = { show_id: show.id, import_id: importId };
  const uploading = send(editor, slow(), query, "text/csv", { signal: breaking.signal });
  await listener.event(({ payload }) => payload?.importId === importId && payload.rows >= 400);
  breaking.abort();
  await assert.rejects(uploading);
  await eventually("the server gave up", () =>
    server.logged("request").some(({ route, status }) => /import$/.test(route) && status === 400),
  );
  const total = async () =>
    (await editor.get(`/episodes?show_id=${show.id}&count=true&limit=1`)).body.pagination.total;
  assert.equal(await total(), 400);
  const events = (await viewer.ledger("episode_created")).filter(({ payload }) =>
    payload.title.startsWith("Broken"),
  );
  assert.equal(events.length, 400);
  const again = await load(editor, `episode,title\n${lines.join("")}`, { show_id: show.id });
  assert.deepEqual([again.created, again.skipped], [50, 400]);
});

test("100,000 rows: in bounded memory, all on record, others go on meanwhile", async (t) => {
  const show = await newShow("Endless");
  const listener = await new Listener(t, server, viewer.token, { auth: { feed: false } }).connected();
  const watched = await editor.createEpisode({ title: "Watched", episode_number: 777_777 });
  await listener.subscribe(watched);
  const text = "A long description of what happens. ".repeat(10);
  async function* rows() {
    yield "season_number,episode_number,title,description,categories\n";
    for (let i = 0; i < 100_000; i += 100) {
      const line = (n) => `${Math.floor(n / 1000)},${n % 1000},Row ${n},${text},a|b\n`;
      yield Array.from({ length: 100 }, (_, n) => line(i + n)).join("");
    }
  }
  const before = server.residentKb();
  let peak = before;
  let importing = true;
  const uploading = load(editor, rows(), { show_id: show.id }).finally(() => (importing = false));
  let edits = 0;
  let slowest = 0;
  while (importing) {
    const title = `Edit ${++edits}`;
    const started = Date.now();
    await editor.updateEpisode(watched.id, { title });
    await listener.event((event) => event.payload?.title === title);
    slowest = Math.max(slowest, Date.now() - started);
    peak = Math.max(peak, server.residentKb());
  }
  const result = await uploading;
  assert.deepEqual(counts(result), {
    rows: 100_000,
    created: 100_000,
    updated: 0,
    skipped: 0,
    failed: 0,
  });
  const grown = peak - before;
  t.diagnostic(`memory +${grown} kB; ${edits} edits meanwhile, the slowest ${slowest} ms to a socket`);
  assert.ok(grown < 64 * 1024, `the server grew by ${grown} kB`);
  assert.ok(edits > 5, "others could edit");
  assert.ok(slowest < 5000);
  const events = (await admin.ledger("episode_created")).filter(({ payload }) => payload.showId === show.id);
  assert.equal(events.length, 100_000);
  assert.equal(new Set(events.map(({ payload }) => payload.episodeId)).size, 100_000);
});

describe("from the command line", () => {
  test("beside the running server, whose clients hear of it", async (t) => {
    const listener = await new Listener(t, server, viewer.token).connected();
    const file = path.join(server.folder, "table.csv");
    writeFileSync(file, "show,episode,title\nFrom a file,1,One\nFrom a file,2,Two\n");
    const dry = await server.run("import", file, "--dry-run");
    assert.equal(dry.code, 0, dry.err);
    assert.match(dry.out, /dry run, 2 rows: 2 created/);
    const done = await server.run("import", file);
    assert.equal(done.code, 0, done.err);
    assert.match(done.out, /^2 rows: 2 created, 0 updated, 0 skipped, 0 failed$/m);
    assert.match(done.out, /show created: From a file/);
    const { payload } = await listener.event((event) => event.payload?.title === "Two");
    assert.equal(payload.actor, null);
    const again = await server.run("import", file);
    assert.match(again.out, /2 skipped/);
    const strict = await server.run("import", file, "--on-existing", "error");
    assert.equal(strict.code, 1);
    assert.match(strict.err, /row 2: episode_number/);
  });

  test("NDJSON by its ending; what cannot be read is said", async () => {
    const file = path.join(server.folder, "table.ndjson");
    writeFileSync(file, '{"episode_number":9001,"title":"Nine"}\n');
    const done = await server.run("import", file);
    assert.equal(done.code, 0, done.err);
    assert.match(done.out, /1 created/);
    const missing = await server.run("import", "/nonexistent.csv");
    assert.equal(missing.code, 2);
    assert.match(missing.out + missing.err, /\/nonexistent\.csv/);
    const wrong = path.join(server.folder, "wrong.csv");
    writeFileSync(wrong, "title,color\n");
    const refused = await server.run("import", wrong);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /column "color" that is not known/);
  });
});
