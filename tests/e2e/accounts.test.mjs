// Signing in, staying signed in, and everything that must not let anybody in.
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { before, describe, test } from "node:test";
import { ApiClient, login, request, signIn, signInAdmin } from "./api_client.mjs";
import { Listener } from "./listener.mjs";
import { eventually, sharedScope, ShowrunnerServer } from "./showrunner_server.mjs";

const secret = "a-secret-of-at-least-thirty-two-characters";
const scope = sharedScope();
let server;
let admin;
let addresses = 0;

before(async () => {
  server = await ShowrunnerServer.start(scope, {
    env: { SHOWRUNNER_SECRET: secret, SHOWRUNNER_TRUSTED_PROXIES: "127.0.0.0/8" },
  });
  server.secrets.add(secret);
  admin = await signInAdmin(server);
});

/** An address of one's own: guessing from one slows down everybody there. */
function somewhere() {
  return { headers: { "X-Forwarded-For": `10.1.0.${++addresses}` } };
}

describe("signing in", () => {
  test("gives a token for a while, the user, and cookies that scripts and other sites cannot use", async () => {
    const user = await admin.addUser("editor", "Eve");
    const answer = await login(server, user.email.toUpperCase(), user.password);
    assert.equal(answer.status, 200);
    const { access_token: token, expires_in: seconds, user: me } = answer.body.data;
    assert.equal(seconds, 900);
    assert.deepEqual([me.id, me.name, me.role, me.active], [user.id, "Eve", "editor", true]);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    const [refresh, csrf] = ["sr_refresh", "sr_csrf"].map((name) =>
      answer.headers.getSetCookie().find((line) => line.startsWith(name)),
    );
    assert.match(refresh, /; Path=\/api\/v1\/auth; HttpOnly; Max-Age=2592000; SameSite=Strict$/);
    assert.match(csrf, /; Path=\/; Max-Age=2592000; SameSite=Strict$/);
    assert.ok(!/hash|password/.test(answer.text.replace(token, "")));
    const secure = await login(server, user.email, user.password, {
      headers: { "X-Forwarded-Proto": "https", "X-Forwarded-For": "10.9.9.9" },
    });
    for (const line of secure.headers.getSetCookie()) assert.match(line, /; Secure$/);
    const mine = await request(server, "GET", "/api/v1/auth/me", { token });
    assert.deepEqual(mine.body.data, me);
  });

  test("fails alike, whatever is wrong", async () => {
    const user = await admin.addUser("editor");
    const off = await admin.addUser("editor");
    await admin.need("PATCH", `/users/${off.id}`, { active: false });
    const attempts = [
      [user.email, "not the password"],
      ["nobody@example.com", user.password],
      [off.email, off.password],
      [off.email, "not the password"],
      ["not an address", user.password],
      ["' OR 1=1 --", user.password],
    ];
    const shape = new Set();
    for (const [email, password] of attempts) {
      const answer = await login(server, email, password, somewhere());
      assert.equal(answer.status, 401, email);
      const { request_id: id, ...rest } = answer.body;
      assert.ok(id);
      shape.add(JSON.stringify(rest));
      assert.equal(answer.headers.getSetCookie().length, 0);
    }
    assert.equal(shape.size, 1, [...shape].join());
    assert.match([...shape][0], /INVALID_CREDENTIALS/);
  });

  test("fails as late for people who do not exist", async () => {
    const user = await admin.addUser("editor");
    const best = async (email) => {
      const times = [];
      for (let i = 0; i < 4; ++i) {
        const started = performance.now();
        await login(server, email, "not the password", somewhere());
        times.push(performance.now() - started);
      }
      return Math.min(...times);
    };
    const [known, unknown] = [await best(user.email), await best("nobody.at.all@example.com")];
    assert.ok(unknown > known / 3, `${unknown} ms against ${known} ms`);
  });

  test("is slowed down for an account after a few failures, and goes on later", async () => {
    const user = await admin.addUser("editor");
    let refused;
    await eventually("a wait is asked for", async () => {
      const answer = await login(server, user.email, "not the password", somewhere());
      if (answer.status === 429) refused = answer;
      return refused;
    });
    assert.equal(refused.body.code, "TOO_MANY_ATTEMPTS");
    assert.ok(Number(refused.headers.get("retry-after")) >= 1);
    const other = await admin.addUser("editor");
    assert.equal((await login(server, other.email, other.password, somewhere())).status, 200);
    await eventually("it goes on", async () => {
      const answer = await login(server, user.email, user.password, somewhere());
      assert.ok([200, 429].includes(answer.status));
      return answer.status === 200;
    });
  });

  test("is slowed down for an address that tries many accounts", async () => {
    const here = somewhere();
    const attempts = Array.from({ length: 40 }, (_, i) => `nobody${i}@example.com`);
    const statuses = [];
    for (const email of attempts) statuses.push((await login(server, email, "x", here)).status);
    assert.equal(statuses[0], 401);
    assert.equal(statuses.at(-1), 429);
    const user = await admin.addUser("editor");
    assert.equal((await login(server, user.email, user.password, here)).status, 429);
    assert.equal((await login(server, user.email, user.password, somewhere())).status, 200);
  });

  test("what is sent must be an e-mail address and a password", async () => {
    for (const body of [{}, { email: "a@example.com" }, { email: 1, password: 2 }, [], "x", null]) {
      const answer = await request(server, "POST", "/api/v1/auth/login", { body });
      assert.ok([400, 422].includes(answer.status), JSON.stringify(body));
    }
    const raw = { raw: '{"email":', headers: { "Content-Type": "application/json" } };
    assert.equal((await request(server, "POST", "/api/v1/auth/login", raw)).status, 400);
  });
});

describe("staying signed in", () => {
  test("the refresh token is good once, and gives the next", async () => {
    const person = await admin.addAndSignIn("editor");
    const first = person.refreshToken;
    assert.equal((await person.refresh()).status, 200);
    assert.notEqual(person.refreshToken, first);
    assert.equal((await person.get("/auth/me")).status, 200);
    assert.equal((await person.refresh()).status, 200);
  });

  test("a refresh token that comes back ends the session for everybody who has it", async (t) => {
    const person = await admin.addAndSignIn("editor");
    const stolen = new ApiClient(server, { refreshToken: person.refreshToken, csrf: person.csrf });
    assert.equal((await person.refresh()).status, 200);
    const listener = await new Listener(t, server, person.token).connected();
    const late = await stolen.refresh();
    assert.equal(late.status, 401);
    assert.equal(late.body.code, "SESSION_ENDED");
    assert.equal((await person.refresh()).status, 401);
    assert.equal((await person.get("/auth/me")).status, 401);
    await listener.disconnected();
    const [ended] = (await admin.ledger("session_ended")).slice(-1);
    assert.match(ended.payload.reason, /refresh token/);
    assert.equal(ended.payload.userId, person.user.id);
  });

  test("another site cannot use the cookie", async () => {
    const person = await admin.addAndSignIn("editor");
    const other = await admin.addAndSignIn("editor");
    for (const csrf of ["", "wrong", other.csrf]) {
      const answer = await person.refresh({ "X-CSRF-Token": csrf });
      assert.equal(answer.status, 403);
      assert.equal(answer.body.code, "CSRF");
      const out = await request(server, "POST", "/api/v1/auth/logout", {
        headers: { Cookie: person.cookieHeader(), "X-CSRF-Token": csrf },
      });
      assert.equal(out.status, 403);
    }
    assert.equal((await person.refresh()).status, 200, "and nothing has ended");
    const none = await request(server, "POST", "/api/v1/auth/refresh");
    assert.equal(none.status, 401);
  });

  test("refresh tokens that were never given are refused", async () => {
    const person = await admin.addAndSignIn("editor");
    const id = person.refreshToken.split(".")[0];
    for (const refreshToken of [`${id}.x`, id, "x", `${id}.${"x".repeat(5000)}`]) {
      const guess = new ApiClient(server, { refreshToken, csrf: person.csrf });
      assert.ok([401, 403, 431].includes((await guess.refresh()).status));
    }
  });

  test("sessions outlive a restart of the server", async () => {
    const person = await admin.addAndSignIn("editor");
    const gone = await admin.addAndSignIn("editor");
    await gone.need("POST", "/auth/logout");
    await server.restart();
    assert.equal((await person.get("/auth/me")).status, 200);
    assert.equal((await person.refresh()).status, 200);
    assert.equal((await gone.get("/auth/me")).status, 401, "and so does their end");
  });
});

describe("signing out", () => {
  for (const [how, options] of [
    ["with the access token", (person) => ({ token: person.token })],
    [
      "with the cookie",
      (person) => ({ headers: { Cookie: person.cookieHeader(), "X-CSRF-Token": person.csrf } }),
    ],
  ]) {
    test(`${how}: the session ends at once`, async () => {
      const person = await admin.addAndSignIn("editor");
      const answer = await request(server, "POST", "/api/v1/auth/logout", options(person));
      assert.equal(answer.status, 204);
      for (const line of answer.headers.getSetCookie()) assert.match(line, /=; .*Max-Age=0/);
      const me = await person.get("/auth/me");
      assert.equal(me.status, 401);
      assert.equal(me.body.code, "SESSION_ENDED");
      assert.equal((await person.refresh()).status, 401);
    });
  }
});

describe("tokens that were not given by the server", () => {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const key = createHmac("sha256", secret).update("access-token").digest();
  const now = Math.floor(Date.now() / 1000);

  function claims(more = {}) {
    const [, body] = admin.token.split(".");
    return { ...JSON.parse(Buffer.from(body, "base64url").toString()), ...more };
  }

  function forge(header, body, mac = "sha256", with_ = key) {
    const text = `${encode(header)}.${encode(body)}`;
    return `${text}.${createHmac(mac, with_).update(text).digest("base64url")}`;
  }

  const hs256 = { alg: "HS256", typ: "JWT" };
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = publicKey.export({ type: "spki", format: "pem" });

  function rs256(body) {
    const text = `${encode({ alg: "RS256", typ: "JWT" })}.${encode(body)}`;
    return `${text}.${sign("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
  }

  const tokens = {
    "alg none": () => `${encode({ alg: "none" })}.${encode(claims())}.`,
    "alg None, signed": () => forge({ alg: "None" }, claims()),
    "no alg": () => forge({ typ: "JWT" }, claims()),
    HS512: () => forge({ alg: "HS512" }, claims(), "sha512"),
    "HS512 in the header only": () => forge({ alg: "HS512" }, claims()),
    "RS256 with a key of one's own": () => rs256(claims()),
    "HS256 with a public key as secret": () => forge(hs256, claims(), "sha256", pem),
    "the server's secret without derivation": () => forge(hs256, claims(), "sha256", secret),
    "an empty secret": () => forge(hs256, claims(), "sha256", ""),
    "an extension that must be understood": () => forge({ ...hs256, crit: ["exp"] }, claims()),
    "a tampered body": () => admin.token.replace(/\.[^.]+\./, `.${encode(claims({ sub: admin.user.id, exp: now + 9e6 }))}.`),
    "a tampered signature": () => admin.token.replace(/.{6}$/, "AAAAAA"),
    "no signature": () => admin.token.replace(/[^.]+$/, ""),
    "a signature with padding": () => `${admin.token}=`,
    "something behind": () => `${admin.token}.x`,
    "nothing but dots": () => "..",
    "a body that is no object": () => forge(hs256, [1]),
    "a token without end": () => "x".repeat(6000),
    "another issuer": () => forge(hs256, claims({ iss: "other" })),
    "another audience": () => forge(hs256, claims({ aud: "other" })),
    "a list of audiences": () => forge(hs256, claims({ aud: ["showrunner-api"] })),
    "no end": () => forge(hs256, claims({ exp: undefined })),
    "an end that is text": () => forge(hs256, claims({ exp: `${now + 900}` })),
    "an end in the far past": () => forge(hs256, claims({ exp: -1 })),
    "a user who is no id": () => forge(hs256, claims({ sub: "admin" })),
    "a user who does not exist": () => forge(hs256, claims({ sub: "01890000-0000-7000-8000-000000000000" })),
    "a session that is no id": () => forge(hs256, claims({ sid: "x" })),
    "an end that is over": () => forge(hs256, claims({ exp: now - 1 })),
  };

  test("(the forger knows how: the same with the true claims works)", async () => {
    const answer = await request(server, "GET", "/api/v1/auth/me", { token: forge(hs256, claims()) });
    assert.equal(answer.status, 200);
  });

  for (const [what, make] of Object.entries(tokens)) {
    test(`${what}: 401`, async (t) => {
      const token = make();
      const answer = await request(server, "GET", "/api/v1/auth/me", { token });
      assert.equal(answer.status, 401, answer.text);
      assert.match(answer.body.code, /^(INVALID_TOKEN|TOKEN_EXPIRED|SESSION_ENDED)$/);
      assert.equal(answer.body.code === "TOKEN_EXPIRED", what === "an end that is over");
      const listener = new Listener(t, server, token);
      assert.equal((await listener.refused()).code, answer.body.code);
    });
  }

  test("a token anywhere but in the Authorization header is none", async () => {
    const { token } = admin;
    const target = `/api/v1/auth/me?access_token=${token}&token=${token}`;
    assert.equal((await request(server, "GET", target)).status, 401);
    for (const Authorization of [token, `Basic ${token}`, `Bearer`, `Bearer ${token} x`]) {
      const answer = await request(server, "GET", "/api/v1/auth/me", { headers: { Authorization } });
      assert.equal(answer.status, 401, Authorization.slice(0, 12));
    }
    const cookie = { headers: { Cookie: admin.cookieHeader() } };
    assert.equal((await request(server, "GET", "/api/v1/auth/me", cookie)).status, 401);
  });
});

describe("one's own account", () => {
  test("a new password ends the other sessions and keeps this one", async (t) => {
    const person = await admin.addAndSignIn("editor");
    const { email } = person.user;
    const user = await admin.addUser("editor");
    const [here, there] = [
      await signIn(server, user.email, user.password),
      await signIn(server, user.email, user.password),
    ];
    const listener = await new Listener(t, server, there.token).connected();
    const password = "a-new-password-of-mine";
    server.secrets.add(password);
    for (const fields of [
      { password },
      { password, current_password: "wrong-password" },
      { password: "short", current_password: user.password },
    ]) {
      assert.equal((await here.patch("/auth/me", fields)).status, 422);
    }
    const done = await here.patch("/auth/me", { password, current_password: user.password });
    assert.equal(done.status, 200, done.text);
    assert.equal((await here.get("/auth/me")).status, 200);
    assert.equal((await here.refresh()).status, 200);
    assert.equal((await there.get("/auth/me")).status, 401);
    assert.equal((await there.refresh()).status, 401);
    await listener.disconnected();
    assert.equal((await login(server, user.email, user.password, somewhere())).status, 401);
    assert.equal((await login(server, user.email, password, somewhere())).status, 200);
    assert.equal((await person.get("/auth/me")).body.data.email, email, "others are untouched");
  });

  test("the role is not one's own to change", async () => {
    const person = await admin.addAndSignIn("viewer");
    for (const fields of [{ role: "admin" }, { active: true }, { email: "x@example.com" }]) {
      assert.equal((await person.patch("/auth/me", fields)).status, 422);
    }
    assert.equal((await person.patch("/auth/me", { name: "New name" })).body.data.name, "New name");
    assert.equal((await person.get("/users")).status, 403);
    assert.equal((await person.post("/users", {})).status, 403);
    assert.equal((await person.patch(`/users/${person.user.id}`, {})).status, 403);
  });
});

describe("users", () => {
  test("an address is taken once, however it is written", async () => {
    const user = await admin.addUser("viewer");
    const fields = { name: "Other", role: "viewer", password: "password1" };
    const taken = await admin.post("/users", { ...fields, email: user.email.toUpperCase() });
    assert.equal(taken.status, 409);
    assert.equal(taken.body.code, "EMAIL_TAKEN");
    const wrong = await admin.post("/users", { ...fields, email: "no address" });
    assert.equal(wrong.status, 422);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => admin.post("/users", { ...fields, email: "race@example.com" })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409, 409, 409]);
  });

  test("the last admin stays", async () => {
    const me = `/users/${admin.user.id}`;
    for (const fields of [{ role: "editor" }, { active: false }]) {
      const answer = await admin.patch(me, fields);
      assert.equal(answer.status, 409);
      assert.equal(answer.body.code, "LAST_ADMIN");
    }
    const second = await admin.addAndSignIn("admin");
    assert.equal((await second.patch(me, { role: "editor" })).status, 200);
    assert.equal((await admin.get("/users")).status, 403);
    assert.equal((await second.patch(`/users/${second.user.id}`, { active: false })).status, 409);
    assert.equal((await second.patch(me, { role: "admin" })).status, 200);
    assert.equal((await admin.patch(`/users/${second.user.id}`, { active: false })).status, 200);
  });

  test("also when two admins remove each other at the same moment", async () => {
    for (let round = 0; round < 10; ++round) {
      const second = await admin.addAndSignIn("admin");
      const answers = await Promise.all([
        admin.patch(`/users/${second.user.id}`, { role: "editor" }),
        second.patch(`/users/${admin.user.id}`, { role: "editor" }),
      ]);
      const won = answers.filter(({ status }) => status === 200).length;
      assert.equal(won, 1, answers.map(({ status, text }) => `${status} ${text}`).join("\n"));
      if (answers[1].status === 200) {
        await second.need("PATCH", `/users/${admin.user.id}`, { role: "admin" });
        await admin.need("PATCH", `/users/${second.user.id}`, { role: "editor" });
      }
    }
  });

  test("from the command line, with effect on the running server", async () => {
    const email = "cli@example.com";
    const [first, second] = ["first-cli-password", "second-cli-password"];
    server.secrets.add(first).add(second);
    const options = { input: `${first}\n` };
    const added = await server.runWith(
      options,
      ...["user", "add", "--email", email, "--role", "editor", "--password-stdin"],
    );
    assert.equal(added.code, 0, added.err);
    const person = await signIn(server, email, first);
    const again = await server.runWith(options, "user", "add", "--email", email, "--password-stdin");
    assert.equal(again.code, 1);
    assert.match(again.err, /already uses this e-mail/);
    const list = await server.run("user", "list");
    assert.match(list.out, /cli@example\.com +cli@example\.com +editor/);
    const changed = await server.runWith(
      { input: `${second}\n` },
      ...["user", "passwd", "--email", email, "--password-stdin"],
    );
    assert.equal(changed.code, 0, changed.err);
    assert.equal(changed.out.includes(second), false);
    await eventually("the session has ended", async () =>
      (await person.get("/auth/me")).status === 401,
    );
    assert.equal((await login(server, email, first, somewhere())).status, 401);
    assert.equal((await login(server, email, second, somewhere())).status, 200);
    const short = await server.runWith({ input: "x\n" }, "user", "add", "--email", "b@example.com", "--password-stdin");
    assert.equal(short.code, 1);
    assert.match(short.err, /at least 8/);
  });

  test("nothing that anybody can read has a password or its hash", async () => {
    const user = await admin.addUser("editor");
    const users = await admin.get("/users");
    const one = await admin.get(`/users/${user.id}`);
    const ledger = JSON.stringify(await admin.ledger());
    const activities = await admin.get("/activities?limit=100");
    for (const text of [users.text, one.text, ledger, activities.text]) {
      assert.ok(!text.includes("argon2") && !text.includes(user.password) && !/hash/i.test(text));
      assert.ok(!text.includes(secret));
    }
  });
});
