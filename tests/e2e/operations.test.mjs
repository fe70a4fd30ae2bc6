// What an operator relies on: health, metrics, configuration, migrations, logs, an orderly stop; and
// what any HTTP client does: the description, compression, methods, headers, bad input.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, test } from "node:test";
import { request, signInAdmin } from "./api_client.mjs";
import { Listener } from "./listener.mjs";
import {
  eventually,
  isAlive,
  makeFolder,
  run,
  sharedScope,
  ShowrunnerServer,
} from "./showrunner_server.mjs";

const scope = sharedScope();
let server;
let admin;
let editor;
let viewer;

before(async () => {
  server = await ShowrunnerServer.start(scope);
  admin = await signInAdmin(server);
  editor = await admin.addAndSignIn("editor", "Eve");
  viewer = await admin.addAndSignIn("viewer", "Vic");
});

function get(target, options) {
  return request(server, "GET", target, options);
}

/** Samples by their name with labels; what each metric is. Fails for a text that is no exposition. */
function parseMetrics(text) {
  const samples = new Map();
  const types = new Map();
  for (const line of text.trimEnd().split("\n")) {
    const type = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line);
    if (type) {
      assert.ok(!types.has(type[1]), `${type[1]} is declared twice`);
      types.set(type[1], type[2]);
    } else if (!/^# HELP \w+ \S/.test(line)) {
      const sample = /^([a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)+\})?) (-?[\d.e+-]+|\+Inf|NaN)$/.exec(line);
      assert.ok(sample, `a line of /metrics: ${line}`);
      assert.ok(!samples.has(sample[1]), `${sample[1]} comes twice`);
      samples.set(sample[1], Number(sample[2]));
      const name = /^\w+/.exec(line)[0].replace(/_(bucket|sum|count)$/, "");
      assert.ok(types.has(name) || types.has(/^\w+/.exec(line)[0]), `${line} has a type`);
    }
  }
  return { samples, types };
}

describe("health", () => {
  test("/health says that the process is alive, to anybody", async () => {
    const answer = await get("/health");
    assert.deepEqual([answer.status, answer.body], [200, { status: "ok" }]);
  });

  test("/ready follows the database; /health does not", async () => {
    const own = () => get("/ready");
    const { media, ...checks } = (await own()).body.checks;
    assert.deepEqual(checks, { database: "ok", accepting: true });
    assert.match(media, /^(ok|without [a-z, ]+)$/);
    const group = [server.postgresPid(), ...childrenOf(server.postgresPid())];
    for (const pid of group) process.kill(pid, "SIGSTOP");
    try {
      const answer = await own();
      assert.equal(answer.status, 503);
      assert.equal(answer.body.checks.database, "unavailable");
      assert.ok(answer.headers.get("retry-after"));
      assert.equal((await get("/health")).status, 200);
    } finally {
      for (const pid of group) if (isAlive(pid)) process.kill(pid, "SIGCONT");
    }
    await eventually("ready again", async () => (await own()).status === 200);
  });
});

function childrenOf(parent) {
  const text = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

describe("/metrics", () => {
  test("is well-formed and has what a dashboard needs", async (t) => {
    const listener = await new Listener(t, server, viewer.token).connected();
    await editor.createEpisode({ title: "Counted", episode_number: 1 });
    await listener.event("episode_created");
    await editor.get("/episodes/no-id");
    const first = parseMetrics((await get("/metrics")).text);
    await editor.createEpisode({ title: "Counted too", episode_number: 2 });
    const { samples, types } = parseMetrics((await get("/metrics")).text);
    const count = (name) => samples.get(name) ?? 0;

    const created = 'showrunner_http_requests_total{route="/api/v1/episodes",status="201"}';
    assert.equal(count(created) - first.samples.get(created), 1);
    const episode = 'showrunner_http_requests_total{route="/api/v1/episodes/{id}",status="404"}';
    assert.ok(count(episode) + count(episode.replace("404", "422")) + count(episode.replace("404", "400")) >= 1);
    const bucket = 'showrunner_http_request_seconds_bucket{route="/api/v1/episodes",le="+Inf"}';
    assert.ok(count(bucket) >= 2);
    assert.equal(count(bucket), count('showrunner_http_request_seconds_count{route="/api/v1/episodes"}'));
    assert.ok(count('showrunner_realtime_sockets{namespace="/real-time"}') >= 1);
    assert.ok(count("showrunner_ledger_lag_seconds_count") >= 2);
    assert.ok(count('showrunner_consumer_leader{consumer="activity"}') === 1);
    assert.ok(samples.has('showrunner_consumer_lag_seconds{consumer="activity"}'));
    assert.ok(samples.has('showrunner_http_limit_hits_total{limit="body_bytes"}'));
    assert.ok(samples.has('showrunner_socketio_limits_total{limit="queue_bytes"}'));
    assert.ok([...samples.keys()].some((name) => name.startsWith('showrunner_db_connections{state="')));
    assert.ok([...samples.keys()].some((name) => name.startsWith("showrunner_logins_total")));
    for (const [name, type] of types) {
      if (type === "counter") assert.match(name, /_total$/);
      assert.match(name, /^showrunner_|^process_/);
    }
  });

  test("histograms add up", async () => {
    const { samples } = parseMetrics((await get("/metrics")).text);
    const series = new Map();
    for (const [name, value] of samples) {
      const found = /^(\w+)_bucket\{(.*?),?le="([^"]+)"\}$/.exec(name);
      if (!found) continue;
      const key = `${found[1]}|${found[2]}`;
      const values = series.get(key) ?? [];
      const last = values.at(-1) ?? 0;
      assert.ok(value >= last, `${name} is cumulative`);
      series.set(key, [...values, value]);
    }
    assert.ok(series.size > 3);
  });

  test("what clients send never becomes a label", async () => {
    for (let i = 0; i < 20; ++i) await get(`/api/v1/unknown/${i}?x=${i}`);
    for (let i = 0; i < 5; ++i) await editor.get(`/episodes/unknown-${i}`);
    const { text } = await get("/metrics");
    assert.ok(!/unknown/.test(text));
  });

  test("is for this machine, admins, and holders of the token", async (t) => {
    assert.equal((await get("/metrics", { token: admin.token })).status, 200);
    assert.equal((await get("/metrics", { token: editor.token })).status, 403);
    const token = "a-token-for-the-scraper";
    const closed = await ShowrunnerServer.start(t, {
      env: { SHOWRUNNER_METRICS_TOKEN: token, SHOWRUNNER_TRUSTED_PROXIES: "127.0.0.1" },
    });
    closed.secrets.add(token);
    const ask = (options) => request(closed, "GET", "/metrics", options);
    assert.equal((await ask()).status, 401);
    assert.equal((await ask({ token: "guessed" })).status, 401);
    assert.equal((await ask({ token })).status, 200);
    const proxied = { headers: { "X-Forwarded-For": "10.0.0.1" }, token };
    assert.equal((await ask(proxied)).status, 200);
  });

  test("is not for the world behind a proxy on this machine", async (t) => {
    const proxied = await ShowrunnerServer.start(t, {
      env: { SHOWRUNNER_TRUSTED_PROXIES: "127.0.0.1" },
    });
    const headers = { "X-Forwarded-For": "203.0.113.7" };
    assert.equal((await request(proxied, "GET", "/metrics", { headers })).status, 401);
    assert.equal((await request(proxied, "GET", "/metrics")).status, 200);
  });
});

describe("configuration", () => {
  const folder = makeFolder();
  const file = path.join(folder, "showrunner.toml");

  async function settings(args, env) {
    const answer = await run(["config", ...args], { env });
    assert.equal(answer.code, 0, answer.err);
    const lines = answer.out.trimEnd().split("\n");
    const parsed = lines.map((line) => /^(\w+) += (.*?) +# (.*)$/.exec(line));
    return Object.fromEntries(parsed.map(([, key, value, source]) => [key, { value, source }]));
  }

  test("a flag wins over the environment, that over the file, that over the default", async () => {
    writeFileSync(file, 'log_level = "error"\ndb_connections = 20\nhttp_requests = 50\n');
    const env = { SHOWRUNNER_LOG_LEVEL: "warning", SHOWRUNNER_DB_CONNECTIONS: "30" };
    const all = await settings(["--config", file, "--log-level", "debug"], env);
    assert.deepEqual(all.log_level, { value: '"debug"', source: "--log-level" });
    assert.deepEqual(all.db_connections, { value: '"30"', source: "SHOWRUNNER_DB_CONNECTIONS" });
    assert.deepEqual(all.http_requests, { value: '"50"', source: file });
    assert.deepEqual(all.listen, { value: '"127.0.0.1:3002"', source: "default" });
    const named = await settings([], { SHOWRUNNER_CONFIG: file });
    assert.equal(named.log_level.source, file);
  });

  test("secrets are not shown", async () => {
    const hidden = {
      SHOWRUNNER_SECRET: "s3cret-".repeat(6),
      SHOWRUNNER_METRICS_TOKEN: "m3trics",
      SHOWRUNNER_ADMIN_EMAIL: "a@example.com",
      SHOWRUNNER_ADMIN_PASSWORD: "p4ssword",
      DATABASE_URL: "postgresql://u:pa55@db/x",
    };
    const answer = await run(["config"], { env: hidden });
    assert.equal(answer.code, 0);
    assert.ok(!/s3cret|m3trics|p4ssword|pa55/.test(answer.out + answer.err));
    assert.equal(answer.out.match(/\(hidden\)/g).length, 4);
  });

  const mistakes = {
    "an unknown flag": [["--colour", "red"], {}, "", /--colour/],
    "an unknown variable": [[], { SHOWRUNNER_COLOUR: "red" }, "", /SHOWRUNNER_COLOUR is not a known/],
    "an unknown key": [[], {}, 'colour = "red"', /colour is not a known key/],
    "a broken file": [[], {}, "listen = ", /showrunner\.toml|parsing|expected/i],
    "a number that is none": [["--db-connections", "many"], {}, "", /db_connections .* whole number/],
    "a number out of range": [[], { SHOWRUNNER_DB_CONNECTIONS: "0" }, "", /from 4 to 500/],
    "a list for a text": [[], {}, "listen = [1]", /listen must be/],
    "a short secret": [[], { SHOWRUNNER_SECRET: "short" }, "", /at least 32/],
    "a level that is none": [["--log-level", "loud"], {}, "", /log_level must be/],
    "no port": [["--listen", "localhost"], {}, "", /listen must be/],
  };
  for (const [what, [args, env, text, message]] of Object.entries(mistakes)) {
    test(`${what} refuses to start and says so`, async () => {
      writeFileSync(file, text);
      const dataDir = path.join(folder, "data");
      const all = ["serve", "--data-dir", dataDir, "--config", file, ...args];
      const answer = await run(all, { env });
      assert.equal(answer.code, 2);
      assert.match(answer.err + answer.out, message);
      assert.ok(!answer.out.includes("ready"));
    });
  }

  test("an address that is taken is said", async () => {
    const other = path.join(folder, "data");
    const answer = await run(["serve", "--listen", `127.0.0.1:${server.port}`, "--data-dir", other]);
    assert.equal(answer.code, 1);
    assert.match(answer.err, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${server.port}`));
  });
});

describe("the schema", () => {
  test("another one is refused with the command that helps; up, down and status", async (t) => {
    const own = await ShowrunnerServer.start(t);
    const status = async () => (await own.run("migrate", "status")).out;
    assert.ok(!(await status()).includes("missing"));
    assert.match(await status(), /^0001 ledger +applied 20/m);
    await own.end();
    const numbers = (await status()).match(/^\d{4}/gm).map(Number);
    const last = numbers.at(-1);
    const down = await own.run("migrate", "down", String(last - 1));
    assert.equal(down.code, 0, down.err);
    assert.equal(down.out, `took back ${String(last).padStart(4, "0")}\n`);
    assert.match(await status(), /missing\n.*lacks 1 migration .*Run `showrunner migrate up`/);
    await assert.rejects(own.launch(), /lacks 1 migration/);
    assert.equal(await own.end(), 1);
    const up = await own.run("migrate", "up");
    assert.equal(up.out, `applied ${String(last).padStart(4, "0")}\n`);
    assert.equal((await own.run("migrate", "up")).out, "nothing to do\n");
    await own.launch();
    await signInAdmin(own);
    // The refusal above was printed for a person.
    own.log = own.log.filter((line) => !line.startsWith("showrunner: "));
  });

  test("all the way down and up again", async (t) => {
    const own = await ShowrunnerServer.start(t);
    await own.end();
    const down = await own.run("migrate", "down", "0");
    assert.equal(down.code, 0, down.err);
    const up = await own.run("migrate", "up");
    assert.equal(up.code, 0, up.err);
    await own.launch();
    await signInAdmin(own);
    assert.equal((await own.run("migrate", "down")).code, 2);
    assert.equal((await own.run("migrate", "sideways")).code, 2);
  });

  test("db reset asks, and deletes everything only then", async (t) => {
    const own = await ShowrunnerServer.start(t);
    const boss = await signInAdmin(own);
    await boss.createEpisode({ title: "Doomed", episode_number: 1 });
    await own.end();
    for (const input of ["", "yes\n", "delete everything else\n"]) {
      const answer = await own.runWith({ input }, "db", "reset");
      assert.equal(answer.code, 1);
      assert.match(answer.err, /nothing was deleted/);
    }
    assert.match((await own.run("user", "list")).out, /admin@example\.com/);
    const done = await own.runWith({ input: "delete everything\n" }, "db", "reset");
    assert.equal(done.code, 0, done.err);
    assert.equal((await own.run("user", "list")).out, "");
    await own.launch();
    const again = await signInAdmin(own);
    assert.deepEqual((await again.get("/episodes")).body.data, []);
    assert.equal((await boss.get("/auth/me")).status, 401, "old tokens are worth nothing");
  });
});

describe("the log", () => {
  test("has a line for each change with the id that the client got", async () => {
    const headers = { "X-Request-Id": "from-the-client-1" };
    const answer = await editor.post("/episodes", { title: "", episode_number: 1 }, { headers });
    assert.equal(answer.status, 422);
    assert.equal(answer.headers.get("x-request-id"), "from-the-client-1");
    assert.equal(answer.body.request_id, "from-the-client-1");
    const line = await eventually("the line", () =>
      server.logged("request").find((entry) => entry.request_id === "from-the-client-1"),
    );
    assert.deepEqual(
      [line.method, line.route, line.status, line.ip],
      ["POST", "/api/v1/episodes", 422, "127.0.0.1"],
    );
    const evil = { headers: { "X-Request-Id": '"}{"level":"x" ' + "y".repeat(300) } };
    const other = await editor.post("/episodes", {}, evil);
    assert.match(other.headers.get("x-request-id"), /^[\w.-]{1,128}$/);
    server.checkLog();
  });

  test("stays silent about what is in a request's address", async () => {
    server.secrets.add("hidden-in-the-query");
    await editor.post("/episodes?token=hidden-in-the-query", {});
    server.checkLog();
  });
});

describe("a stop", () => {
  function slowImport(own, client) {
    let finish;
    const rest = new Promise((resolve) => (finish = resolve));
    async function* body() {
      yield Buffer.from("episode,title\n1,First\n");
      await rest;
      yield Buffer.from("2,Last\n");
    }
    const answer = client.send("POST", "/episodes/import", {
      raw: body(),
      headers: { "Content-Type": "text/csv" },
    });
    return { answer, finish };
  }

  const accepts = (own) =>
    fetch(`${own.url}/health`, { headers: { Connection: "close" } }).then(() => true, () => false);

  test("lets what is under way finish, and takes nothing new", async (t) => {
    const own = await ShowrunnerServer.start(t);
    const boss = await signInAdmin(own);
    const listener = await new Listener(t, own, boss.token).connected();
    const { answer, finish } = slowImport(own, boss);
    await eventually("the upload has begun", async () =>
      /showrunner_http_connections [2-9]/.test((await request(own, "GET", "/metrics")).text),
    );
    own.process.kill("SIGTERM");
    await listener.disconnected();
    assert.deepEqual(listener.disconnects, ["transport close"]);
    await eventually("nothing new is taken", async () => !(await accepts(own)));
    finish();
    const { status, body } = await answer;
    assert.equal(status, 200);
    assert.equal(body.data.created, 2);
    assert.equal(await own.end(), 0);
    await own.launch();
    assert.equal((await boss.get("/episodes")).body.data.length, 2);
    await listener.connected(2);
    assert.equal(listener.named("episode_created").length, 2);
  });

  test("ends in time also when a client never finishes", async (t) => {
    const own = await ShowrunnerServer.start(t, { env: { SHOWRUNNER_DRAIN_TIMEOUT_MS: "300" } });
    const boss = await signInAdmin(own);
    const { answer, finish } = slowImport(own, boss);
    const failed = answer.then(({ status }) => status >= 500, () => true);
    await eventually("the upload has begun", async () =>
      /showrunner_http_connections [2-9]/.test((await request(own, "GET", "/metrics")).text),
    );
    const started = Date.now();
    assert.equal(await own.end("SIGTERM"), 0);
    assert.ok(Date.now() - started < 10_000);
    assert.equal(await failed, true, "the client is told to try again elsewhere");
    finish();
  });

  test("SIGINT is a stop too; a second signal does no harm", async (t) => {
    const own = await ShowrunnerServer.start(t);
    own.process.kill("SIGINT");
    assert.equal(await own.end("SIGTERM"), 0);
    assert.equal(own.logged("stopped").length, 1);
  });
});

describe("the description of the API", () => {
  let api;
  before(async () => (api = (await get("/api/v1/openapi.json")).body));

  function operations() {
    return Object.entries(api.paths).flatMap(([target, methods]) =>
      Object.entries(methods)
        .filter(([method]) => ["get", "post", "put", "patch", "delete"].includes(method))
        .map(([method, operation]) => ({ target, method, operation })),
    );
  }

  test("is whole: names, parameters, answers, references", () => {
    assert.match(api.openapi, /^3\.1\.\d$/);
    assert.ok(api.info.title && api.info.version);
    const ids = new Set();
    for (const { target, method, operation } of operations()) {
      assert.match(operation.operationId, /^[a-z][A-Za-z]+$/, `${method} ${target}`);
      assert.ok(!ids.has(operation.operationId), `${operation.operationId} is unique`);
      ids.add(operation.operationId);
      assert.ok(operation.summary);
      const inPath = [...target.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      assert.deepEqual(declared.map(({ name }) => name).sort(), inPath.sort(), target);
      assert.ok(declared.every((parameter) => parameter.required));
      assert.ok(Object.keys(operation.responses).some((status) => /^2/.test(status)));
    }
    assert.ok(ids.size > 30);
    for (const [, reference] of JSON.stringify(api).matchAll(/"\$ref":"([^"]+)"/g)) {
      const steps = reference.slice(2).split("/");
      assert.ok(reference.startsWith("#/"), reference);
      assert.ok(steps.reduce((at, step) => at?.[step], api), `${reference} resolves`);
    }
  });

  test("every operation is there, and for those who are signed in", async () => {
    // A download is signed itself.
    const open = ["/auth/login", "/auth/refresh", "/auth/logout", "/openapi.json", "/files/{id}/download"];
    for (const { target, method, operation } of operations()) {
      const filled = target.replace(/\{\w+\}/g, "01890000-0000-7000-8000-000000000000");
      const options = { headers: { "Content-Type": "application/json" } };
      const answer = await request(server, method.toUpperCase(), filled, options);
      if (open.some((end) => target.endsWith(end)) || !target.startsWith("/api/v1")) {
        assert.ok(![404, 405].includes(answer.status) && answer.status < 500, `${method} ${target}`);
      } else {
        assert.equal(answer.status, 401, `${method} ${target}`);
        assert.ok(operation.responses.default, `${method} ${target} describes problems`);
      }
    }
  });

  test("a record is as described", async () => {
    const episode = await editor.createEpisode({ title: "As described", episode_number: 3 });
    const schema = api.components.schemas.Episode;
    assert.deepEqual(Object.keys(episode).sort(), Object.keys(schema.properties).sort());
    for (const name of schema.required ?? []) assert.ok(name in episode, name);
  });

  test("the page for people loads nothing from elsewhere", async () => {
    const { status, text, headers } = await get("/api/docs");
    assert.equal(status, 200);
    assert.match(headers.get("content-type"), /^text\/html/);
    const outside = text.match(/(?:src|href|action)\s*=\s*["']?(?:https?:)?\/\/[^"'\s>]+|@import|url\(/gi);
    assert.equal(outside, null);
    assert.match(headers.get("content-security-policy"), /default-src 'none'/);
    assert.ok(text.includes("/api/v1/episodes"));
  });
});

describe("as any HTTP client", () => {
  test("security headers are on every answer", async () => {
    for (const target of ["/health", "/api/v1/episodes", "/api/v1/nothing", "/api/docs", "/nothing"]) {
      const { headers } = await get(target);
      assert.equal(headers.get("x-content-type-options"), "nosniff", target);
      assert.equal(headers.get("x-frame-options"), "DENY", target);
      assert.ok(headers.get("content-security-policy"), target);
      assert.ok(headers.get("referrer-policy"), target);
      assert.ok(headers.get("x-request-id"), target);
    }
    assert.equal((await get("/api/v1/episodes")).headers.get("cache-control"), "no-store");
  });

  test("large answers are compressed when that is understood", async () => {
    const accept = (encoding) => ({ headers: { "Accept-Encoding": encoding } });
    const zipped = await get("/api/v1/openapi.json", accept("gzip"));
    assert.equal(zipped.headers.get("content-encoding"), "gzip");
    assert.match(zipped.headers.get("vary"), /accept-encoding/i);
    const plain = await get("/api/v1/openapi.json", accept("identity"));
    assert.equal(plain.headers.get("content-encoding"), null);
    assert.equal(plain.text, zipped.text);
    assert.equal((await get("/health", accept("gzip"))).headers.get("content-encoding"), null);
  });

  test("methods: what is allowed is said", async () => {
    const wrong = await request(server, "DELETE", "/api/v1/episodes", { token: editor.token });
    assert.equal(wrong.status, 405);
    assert.deepEqual(wrong.headers.get("allow").split(", ").sort(), ["GET", "HEAD", "OPTIONS", "POST"]);
    assert.equal(wrong.headers.get("content-type"), "application/problem+json");
    const options = await request(server, "OPTIONS", "/api/v1/episodes");
    assert.equal(options.status, 204);
    assert.deepEqual(options.headers.get("allow").split(", ").sort(), ["GET", "HEAD", "OPTIONS", "POST"]);
    const head = await request(server, "HEAD", "/api/v1/openapi.json");
    assert.deepEqual([head.status, head.text], [200, ""]);
    assert.ok(Number(head.headers.get("content-length")) > 1000);
  });

  test("errors are problems with a stable code", async () => {
    const cases = [
      ["GET", "/api/v1/nothing", {}, 404, "NOT_FOUND"],
      ["GET", "/api/nothing", {}, 404, "NOT_FOUND"],
      ["GET", "/api/v1/episodes", {}, 401, "UNAUTHENTICATED"],
      ["POST", "/api/v1/episodes", { token: viewer.token, body: {} }, 403, "FORBIDDEN"],
      ["GET", "/api/v1/episodes?colour=red", { token: viewer.token }, 422],
      ["GET", "/api/v1/episodes?limit=1000", { token: viewer.token }, 422],
      ["GET", "/api/v1/episodes?cursor=zz", { token: viewer.token }, 422],
      ["GET", "/api/v1/episodes/x", { token: viewer.token }, 404],
      ["POST", "/api/v1/episodes", { token: editor.token, body: { colour: 1 } }, 422],
      ["POST", "/api/v1/episodes", { token: editor.token, body: [] }, 422],
      ["POST", "/api/v1/episodes", { token: editor.token, raw: "{" , headers: { "Content-Type": "application/json" } }, 400],
      ["POST", "/api/v1/episodes", { token: editor.token, raw: "x", headers: { "Content-Type": "text/plain" } }, 415],
      ["POST", "/api/v1/episodes", { token: editor.token, body: { x: "x".repeat(3_000_000) } }, 413],
      ["GET", `/api/v1/${"x".repeat(20_000)}`, {}, 414],
    ];
    for (const [method, target, options, status, code] of cases) {
      const answer = await request(server, method, target, options);
      const what = `${method} ${target.slice(0, 60)}`;
      assert.equal(answer.status, status, `${what}: ${answer.text}`);
      assert.equal(answer.headers.get("content-type"), "application/problem+json", what);
      const { type, title, detail, code: given, request_id: id } = answer.body;
      assert.ok(type && title && detail && id, what);
      assert.equal(answer.body.status, status);
      assert.match(given, /^[A-Z][A-Z_]+$/);
      if (code) assert.equal(given, code);
      if (status === 422) assert.ok(answer.body.errors.length > 0, answer.text);
    }
  });

  test("what one can write, everybody can still read", async (t) => {
    const nested = (depth) => JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);
    const titles = ["\u202eright to left", "🎨 émoji", "\"quoted\" \\ 'n' <b>", "a\u2028b", "%_\\"];
    let number = 100;
    for (const title of titles) await editor.createEpisode({ title, episode_number: ++number });
    for (const depth of [1, 5, 20, 26, 28, 29, 30, 31, 32, 33, 40, 500]) {
      const fields = { title: `Depth ${depth}`, episode_number: ++number, metadata: nested(depth) };
      const answer = await editor.post("/episodes", fields);
      assert.ok([201, 400, 422].includes(answer.status), `${depth}: ${answer.text}`);
      if (answer.status !== 201) continue;
      const change = { metadata: { b: nested(depth - 1) } };
      const changed = await editor.patch(`/episodes/${answer.body.data.id}`, change);
      assert.ok([200, 400, 422].includes(changed.status), changed.text);
    }
    for (const text of ["a\u0000b", "\ud800"]) {
      for (const fields of [{ title: text }, { title: "Odd", metadata: { [text]: text } }]) {
        const answer = await editor.post("/episodes", { episode_number: ++number, ...fields });
        assert.ok([201, 400, 422].includes(answer.status), answer.text);
      }
      const answer = await admin.post("/realtime/broadcast", { event: "odd", payload: { text } });
      assert.ok([202, 400, 422].includes(answer.status), answer.text);
    }
    for (const message of [nested(28), nested(30), nested(31), nested(32), [[[]]], "text", 5, null]) {
      const answer = await admin.post("/realtime/broadcast", { event: "deep", payload: message });
      assert.ok([202, 400, 422].includes(answer.status), answer.text);
    }
    for (const target of ["/episodes?limit=100", "/episodes?q=depth", "/activities?q=depth", "/activities?limit=100", "/events?limit=100"]) {
      assert.equal((await admin.get(target)).status, 200, target);
    }
    const { body } = await editor.get("/episodes?limit=100");
    for (const { id } of body.data) {
      for (const end of ["", "/history"]) {
        assert.equal((await viewer.get(`/episodes/${id}${end}`)).status, 200);
      }
    }
    const listener = await new Listener(t, server, viewer.token).connected();
    await editor.createEpisode({ title: "The stream goes on", episode_number: ++number });
    await listener.event((event) => event.payload?.title === "The stream goes on");
    assert.deepEqual(server.logged("supervised_restart"), []);
    assert.deepEqual(server.log.filter((line) => JSON.parse(line).level === "error"), []);
  });
});
