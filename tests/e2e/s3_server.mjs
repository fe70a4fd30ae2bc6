// OpenStack Swift with its S3 API, on loopback (s3_server.py beside this file): a server that
// verifies signatures. And a client that signs by hand, for what the tests look at themselves.
import { spawn, spawnSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("s3_server.py", import.meta.url));
// Debian's own: another Python does not find Debian's modules.
const python = "/usr/bin/python3";

const accessKey = "tests_showrunner";
const secretKey = "not-a-secret";
const region = "us-east-1";

/** What it holds outlives its being stopped. Nothing where Debian's python3-swift is not there. */
export async function startS3() {
  if (spawnSync(python, ["-c", "import swift.proxy.server, paste.deploy"]).status !== 0) {
    return undefined;
  }
  const server = new S3Server(mkdtempSync(path.join(tmpdir(), "showrunner-s3-")));
  await server.start();
  return server;
}

class S3Server {
  port = 0;

  constructor(folder) {
    this.folder = folder;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The variables of a program that uses the server. */
  get env() {
    return {
      AWS_ENDPOINT_URL_S3: this.url,
      AWS_ACCESS_KEY_ID: accessKey.replace("_", ":"),
      AWS_SECRET_ACCESS_KEY: secretKey,
      AWS_REGION: region,
    };
  }

  /** On the port that it had before. */
  async start() {
    const args = [script, this.folder, `${this.port}`, accessKey, secretKey];
    this.process = spawn(python, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.exited = once(this.process, "close");
    const errors = [];
    this.process.stderr.on("data", (data) => errors.push(data));
    const ready = new Promise((resolve) => {
      createInterface({ input: this.process.stdout }).on("line", (line) => {
        if (line.startsWith("ready ")) resolve(Number(line.slice("ready ".length)));
      });
    });
    const port = await Promise.race([ready, this.exited.then(() => undefined)]);
    if (!port) throw new Error(`Swift did not start:\n${errors.join("")}`);
    this.port = port;
  }

  /** At once, in the middle of whatever it does. */
  async stop() {
    this.process.kill("SIGKILL");
    await this.exited;
  }

  async end() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A request signed as `secret`'s holder would. */
  async call(method, target, { body = "", headers = {}, secret = secretKey } = {}) {
    const [where, query = ""] = target.split("?");
    const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const scope = `${stamp.slice(0, 8)}/${region}/s3/aws4_request`;
    const sha256 = (text) => createHash("sha256").update(text).digest("hex");
    const all = {
      host: `127.0.0.1:${this.port}`,
      "x-amz-content-sha256": sha256(body),
      "x-amz-date": stamp,
      ...headers,
    };
    const names = Object.keys(all).sort();
    const sorted = query && query.split("&").sort().join("&");
    const canonical = [
      method,
      where,
      sorted,
      ...names.map((name) => `${name}:${all[name]}`),
      "",
      names.join(";"),
      all["x-amz-content-sha256"],
    ].join("\n");
    const toSign = ["AWS4-HMAC-SHA256", stamp, scope, sha256(canonical)].join("\n");
    let key = `AWS4${secret}`;
    for (const step of [stamp.slice(0, 8), region, "s3", "aws4_request"]) {
      key = createHmac("sha256", key).update(step).digest();
    }
    const signature = createHmac("sha256", key).update(toSign).digest("hex");
    const credential = `${this.env.AWS_ACCESS_KEY_ID}/${scope}`;
    delete all.host; // fetch says it
    return fetch(this.url + target, {
      method,
      headers: {
        ...all,
        Authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
      },
      body: body || undefined,
    });
  }

  /** A new bucket. */
  async makeBucket(name) {
    const response = await this.call("PUT", `/${name}`);
    if (!response.ok) throw new Error(`PUT ${name}: ${response.status} ${await response.text()}`);
  }

  /** The keys in a bucket, and its unfinished multipart uploads. */
  async contents(bucket) {
    const read = async (target) => {
      const response = await this.call("GET", target);
      return [...(await response.text()).matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key);
    };
    return {
      keys: await read(`/${bucket}?list-type=2`),
      uploads: await read(`/${bucket}?uploads=`),
    };
  }
}
