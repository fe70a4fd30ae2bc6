// Speaks REST to a server as somebody who has signed in.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

function cookiesOf(response) {
  const pairs = response.headers.getSetCookie().map((line) => line.split(";", 1)[0].split("="));
  return Object.fromEntries(pairs.map(([name, ...value]) => [name, value.join("=")]));
}

/** One request: `status`, `headers`, `text`, and `body` when that is JSON. */
export async function request(server, method, target, { body, raw, token, headers, signal } = {}) {
  const sent = { ...headers };
  if (token) sent.Authorization = `Bearer ${token}`;
  if (body !== undefined) sent["Content-Type"] ??= "application/json";
  const response = await fetch(server.url + target, {
    method,
    headers: sent,
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    duplex: "half",
    redirect: "manual",
    signal,
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    headers: response.headers,
    cookies: cookiesOf(response),
    text,
    body: isJson && text !== "" ? JSON.parse(text) : undefined,
  };
}

export class ApiClient {
  constructor(server, session = {}) {
    this.server = server;
    Object.assign(this, session);
  }

  /** Everything under /api/v1. */
  send(method, target, options) {
    return request(this.server, method, `/api/v1${target}`, { token: this.token, ...options });
  }

  get(target, options) {
    return this.send("GET", target, options);
  }

  post(target, body, options) {
    return this.send("POST", target, { body, ...options });
  }

  patch(target, body, options) {
    return this.send("PATCH", target, { body, ...options });
  }

  delete(target, options) {
    return this.send("DELETE", target, options);
  }

  /** The `data` of an answer that must be a success. */
  async need(method, target, body, options) {
    const answer = await this.send(method, target, { body, ...options });
    assert.ok(answer.status < 300, `${method} ${target}: ${answer.status} ${answer.text}`);
    return answer.body?.data;
  }

  createEpisode(fields) {
    return this.need("POST", "/episodes", fields);
  }

  updateEpisode(id, fields) {
    return this.need("PATCH", `/episodes/${id}`, fields);
  }

  broadcast(event, payload = {}) {
    return this.need("POST", "/realtime/broadcast", { event, payload });
  }

  addUser(role, name = role) {
    const email = `${name}-${randomBytes(4).toString("hex")}@example.com`;
    const password = `secret-${randomBytes(8).toString("hex")}`;
    this.server.secrets.add(password);
    return this.need("POST", "/users", { email, name, role, password }).then((user) => ({
      ...user,
      password,
    }));
  }

  /** A new user of that role, signed in. */
  async addAndSignIn(role, name) {
    const user = await this.addUser(role, name);
    return signIn(this.server, user.email, user.password);
  }

  /** A new access token by the refresh cookie. */
  async refresh(headers = {}) {
    const answer = await request(this.server, "POST", "/api/v1/auth/refresh", {
      headers: { Cookie: this.cookieHeader(), "X-CSRF-Token": this.csrf, ...headers },
    });
    if (answer.status === 200) this.take(answer);
    return answer;
  }

  cookieHeader() {
    return `sr_refresh=${this.refreshToken}; sr_csrf=${this.csrf}`;
  }

  take(answer) {
    this.token = answer.body.data.access_token;
    this.user = answer.body.data.user;
    this.refreshToken = answer.cookies.sr_refresh;
    this.csrf = answer.cookies.sr_csrf;
    for (const secret of [this.token, this.refreshToken, this.csrf]) this.server.secrets.add(secret);
  }

  /** The whole ledger that this user may see, after `offset`, in order. */
  async ledger(types, after) {
    const events = [];
    for (let offset = after; ; offset = events.at(-1).offset) {
      const query = new URLSearchParams({ limit: "100" });
      if (offset) query.set("after", offset);
      if (types) query.set("types", types);
      const page = await this.need("GET", `/events?${query}`);
      events.push(...page);
      if (page.length < 100) return events;
    }
  }
}

export function login(server, email, password, options) {
  return request(server, "POST", "/api/v1/auth/login", { body: { email, password }, ...options });
}

export async function signIn(server, email, password) {
  const answer = await login(server, email, password);
  assert.equal(answer.status, 200, answer.text);
  const client = new ApiClient(server);
  client.take(answer);
  return client;
}

export function signInAdmin(server) {
  return signIn(server, server.adminEmail, server.adminPassword);
}
