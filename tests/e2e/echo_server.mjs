// Starts showrunner-echo on a free port, and speaks the raw protocol to it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";

const binary =
  process.env.SHOWRUNNER_TEST_ECHO ??
  fileURLToPath(new URL("../../build/dev/showrunner-echo", import.meta.url));

/** A running server: `url`, `stop()`, and `process` for signals. Stopped when the test ends. */
export async function startEcho(test, ...flags) {
  const child = spawn(binary, flags, { stdio: ["ignore", "pipe", "inherit"] });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    const [code] = await exited;
    assert.equal(code, 0);
  };
  test.after(stop);
  const lines = createInterface({ input: child.stdout });
  const [line] = await once(lines, "line");
  return { url: line.replace("ready ", ""), stop, process: child };
}

/** Raw Engine.IO requests against one path of a server. */
export class RawEngine {
  constructor(url, path = "/socket.io/") {
    this.url = url;
    this.path = path;
  }

  address(query) {
    return `${this.url}${this.path}?${new URLSearchParams(query)}`;
  }

  fetch(query, options) {
    return fetch(this.address({ EIO: "4", transport: "polling", ...query }), options);
  }

  async open() {
    const response = await this.fetch({});
    const text = await response.text();
    return JSON.parse(text.slice(1)).sid;
  }

  poll(sid, options) {
    return this.fetch({ sid }, options);
  }

  async pollText(sid) {
    const response = await this.poll(sid);
    return await response.text();
  }

  post(sid, body, options) {
    return this.fetch({ sid }, { method: "POST", body, ...options });
  }

  socket(query = {}) {
    return new RawSocket(
      this.address({ EIO: "4", transport: "websocket", ...query }).replace("http", "ws"),
    );
  }

  async openSocket() {
    const socket = this.socket();
    const hello = await socket.next();
    socket.handshake = JSON.parse(hello.slice(1));
    return socket;
  }
}

/** A WebSocket whose messages are awaited one by one: text as string, binary as Buffer. */
export class RawSocket {
  #arrived = [];
  #waiting = [];

  constructor(url, options) {
    this.ws = new WebSocket(url, options);
    this.closed = new Promise((resolve) => {
      this.ws.on("close", (code) => {
        resolve(code);
        for (const waiter of this.#waiting.splice(0)) waiter.reject(new Error("closed"));
      });
    });
    this.ws.on("error", () => {});
    this.opened = once(this.ws, "open").catch(() => {});
    this.ws.on("message", (data, isBinary) => {
      const message = isBinary ? data : data.toString();
      const waiter = this.#waiting.shift();
      if (waiter) waiter.resolve(message);
      else this.#arrived.push(message);
    });
  }

  next() {
    if (this.#arrived.length > 0) return Promise.resolve(this.#arrived.shift());
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  send(data) {
    this.ws.send(data);
  }

  close() {
    this.ws.close();
  }
}

export function delay(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
