// Uploads as a client on a bad network does: raw requests that can be cut off anywhere.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";

const block = randomBytes(1024 * 1024);

/** Bytes that do not repeat, made as they are needed: `[from, to)` of a stream without end. */
export function* content(from, to) {
  const piece = 1024 * 1024;
  for (let at = from; at < to; ) {
    const index = Math.floor(at / piece);
    const bytes = Buffer.from(block);
    // Nothing that a file may begin with.
    bytes.writeUInt32BE(1, 0);
    bytes.writeUInt32BE(index, 4);
    const start = at - index * piece;
    const end = Math.min(piece, to - index * piece);
    yield bytes.subarray(start, end);
    at = index * piece + end;
  }
}

export function hashOf(size) {
  const hash = createHash("sha256");
  for (const bytes of content(0, size)) hash.update(bytes);
  return hash.digest("hex");
}

export function base64(text) {
  return Buffer.from(text).toString("base64");
}

/** A request whose body is written by hand. `answer`: resolves to {status, headers, body}. */
export function open(client, method, target, headers) {
  const url = new URL(`/api/v1${target}`, client.server.url);
  const sending = request(url, {
    method,
    headers: { Authorization: `Bearer ${client.token}`, ...headers },
  });
  const answer = new Promise((resolve, reject) => {
    sending.on("error", reject);
    sending.on("response", async (response) => {
      try {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        const text = Buffer.concat(chunks).toString();
        const isJson = /json/.test(response.headers["content-type"] ?? "");
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: isJson && text ? JSON.parse(text) : text,
        });
      } catch (error) {
        reject(error);
      }
    });
  });
  answer.catch(() => {});
  return { sending, answer };
}

/** Writes bytes of the stream, waiting where the other side is slow. False when it is gone. */
export async function feed(sending, from, to) {
  for (const bytes of content(from, to)) {
    if (sending.destroyed) return false;
    if (sending.write(bytes)) continue;
    const done = new AbortController();
    const either = ["drain", "close"].map((event) => once(sending, event, { signal: done.signal }));
    await Promise.race(either).catch(() => {});
    done.abort();
    await Promise.allSettled(either);
  }
  return !sending.destroyed;
}

export class TusUpload {
  constructor(client, url, size) {
    Object.assign(this, { client, url, size });
  }

  static async create(client, episode, name, size, metadata = {}) {
    const all = { filename: name, episode_id: episode, ...metadata };
    const { status, headers, text } = await client.send("POST", "/uploads", {
      headers: {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": String(size),
        "Upload-Metadata": Object.entries(all)
          .map(([key, value]) => `${key} ${base64(value)}`)
          .join(","),
      },
    });
    if (status !== 201) throw new Error(`${status} ${text}`);
    return new TusUpload(client, headers.get("location").replace("/api/v1", ""), size);
  }

  get id() {
    return this.url.split("/").at(-1);
  }

  async offset() {
    const answer = await this.client.send("HEAD", this.url, { headers: { "Tus-Resumable": "1.0.0" } });
    if (answer.status !== 200) throw new Error(`HEAD ${answer.status}`);
    return Number(answer.headers.get("upload-offset"));
  }

  /** A PATCH under way, from `offset`, of `length` bytes. */
  patch(offset, length = this.size - offset) {
    return open(this.client, "PATCH", this.url, {
      "Tus-Resumable": "1.0.0",
      "Upload-Offset": String(offset),
      "Content-Type": "application/offset+octet-stream",
      "Content-Length": String(length),
    });
  }

  /** The rest of it, from where it is; waits while another writer holds it. */
  async finish() {
    for (;;) {
      const offset = await this.offset();
      const { sending, answer } = this.patch(offset);
      await feed(sending, offset, this.size);
      sending.end();
      const given = await answer;
      if (given.status !== 423) return { ...given, from: offset };
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
