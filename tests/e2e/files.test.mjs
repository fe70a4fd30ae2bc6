// Files against the real server: what is cut off, killed, full, or at it twice.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { get } from "node:http";
import path from "node:path";
import { describe, test } from "node:test";
import { signInAdmin } from "./api_client.mjs";
import { eventually, makeFolder, sharedScope, ShowrunnerServer } from "./showrunner_server.mjs";
import { content, feed, hashOf, open, TusUpload } from "./upload_client.mjs";

const MiB = 1024 * 1024;

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
}

const staged = (server) => filesIn(path.join(server.dataDir, "files", "staged"));
const stored = (server) => filesIn(path.join(server.dataDir, "files"));

async function setUp(t, options) {
  const server = await ShowrunnerServer.start(t, options);
  const admin = await signInAdmin(server);
  const episode = await admin.createEpisode({ title: "Pilot", episode_number: 1 });
  return { server, admin, episode: episode.id };
}

async function fetchHash(client, id, headers = {}) {
  const hash = createHash("sha256");
  const response = await fetch(`${client.server.url}/api/v1/files/${id}/content`, {
    headers: { Authorization: `Bearer ${client.token}`, ...headers },
  });
  let bytes = 0;
  for await (const chunk of response.body) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { status: response.status, hash: hash.digest("hex"), bytes };
}

test("kill -9 in the middle of an upload: it is gone on with, to the same sha256", async (t) => {
  const { server, admin, episode } = await setUp(t);
  const size = 120 * MiB + 12345;
  const sha256 = hashOf(size);
  const upload = await TusUpload.create(admin, episode, "film.bin", size, { sha256 });
  let written = 0;
  for (const until of [40 * MiB, 90 * MiB]) {
    const offset = await upload.offset();
    const { sending } = upload.patch(offset);
    sending.on("error", () => {});
    await feed(sending, offset, until);
    await eventually("most of it has arrived", () => {
      const [file] = staged(server);
      written = file ? statSync(file).size : 0;
      return written > until - 4 * MiB;
    });
    await server.restart("SIGKILL");
    const kept = await upload.offset();
    assert.ok(kept > 0 && kept <= written, `${kept} of ${written}`);
    assert.ok(written - kept <= 24 * MiB, "no more than a chunk is lost");
    t.diagnostic(`killed at ${written}, goes on at ${kept}`);
    // The killed one's lease runs out; nobody is told that it is dead.
    await eventually("the lease of the dead has run out", async () => {
      const { sending: probe, answer } = upload.patch(kept, 0);
      probe.end();
      return (await answer).status === 204;
    });
  }
  const done = await upload.finish();
  assert.equal(done.status, 204, JSON.stringify(done.body));
  assert.ok(done.from > 0);
  const file = await admin.need("GET", `/files/${upload.id}`);
  assert.equal(file.state, "ready");
  assert.equal(file.sha256, sha256);
  assert.equal(file.bytes, size);
  assert.deepEqual(await fetchHash(admin, upload.id), { status: 200, hash: sha256, bytes: size });
  assert.equal(staged(server).length, 0);
  const types = (await admin.ledger()).map((event) => event.type).filter((type) => /^file/.test(type));
  assert.deepEqual(types, ["file_upload_started", "file_uploaded", "file_download"]);
});

describe("with one server", () => {
  const scope = sharedScope();
  const ready = setUp(scope, { env: { SHOWRUNNER_FILE_UPLOADS: "20" } });

  test("a lost connection keeps what has arrived", async () => {
    const { admin, episode } = await ready;
    const size = 20 * MiB;
    const upload = await TusUpload.create(admin, episode, "film.bin", size);
    const { sending } = upload.patch(0);
    sending.on("error", () => {});
    await feed(sending, 0, 7 * MiB + 777);
    await eventually("it has arrived", async () => {
      const { body } = await admin.send("GET", `/files/${upload.id}`);
      return body.data.state === "uploading" && staged((await ready).server).length > 0;
    });
    sending.destroy();
    const kept = await eventually("it is on record", () => upload.offset());
    assert.ok(kept <= 7 * MiB + 777);
    const done = await upload.finish();
    assert.equal(done.status, 204);
    assert.equal((await fetchHash(admin, upload.id)).hash, hashOf(size));
  });

  test("two writers: the second is told to wait", async () => {
    const { admin, episode } = await ready;
    const size = 4 * MiB;
    const upload = await TusUpload.create(admin, episode, "film.bin", size);
    const first = upload.patch(0);
    await feed(first.sending, 0, 2 * MiB);
    const { server } = await ready;
    await eventually("it is being written", () => staged(server).some((name) => name.endsWith(upload.id)));
    const probe = upload.patch(0, 0);
    probe.sending.end();
    const second = await probe.answer;
    assert.equal(second.status, 423);
    assert.equal(second.body.code, "UPLOAD_LOCKED");
    assert.equal(second.headers["retry-after"], "1");
    await feed(first.sending, 2 * MiB, size);
    first.sending.end();
    assert.equal((await first.answer).status, 204);
    assert.equal((await fetchHash(admin, upload.id)).hash, hashOf(size));
  });

  test("a body that ends early fails the file and leaves nothing", async () => {
    const { server, admin, episode } = await ready;
    const before = stored(server).length;
    const made = await admin.need("POST", "/files", {
      episode_id: episode,
      name: "film.bin",
      bytes: 10 * MiB,
    });
    const { sending } = open(admin, "PUT", `/files/${made.file.id}/content`, {
      "Content-Length": String(10 * MiB),
    });
    sending.on("error", () => {});
    await feed(sending, 0, 3 * MiB);
    await eventually("it is being written", () => staged(server).length > 0);
    sending.destroy();
    const file = await eventually("it has failed", async () => {
      const found = await admin.need("GET", `/files/${made.file.id}`);
      return found.state === "failed" && found;
    });
    assert.equal(file.error.code, "UPLOAD_BROKEN_OFF");
    await eventually("nothing is left", () => stored(server).length === before);
    const failed = await admin.ledger("file_failed");
    assert.equal(failed.at(-1).payload.fileId, made.file.id);
  });

  test("a large file comes whole and in parts, also to one who reads slowly", async () => {
    const { admin, episode } = await ready;
    const size = 33 * MiB + 5;
    const upload = await TusUpload.create(admin, episode, "film.bin", size);
    assert.equal((await upload.finish()).status, 204);
    const whole = createHash("sha256");
    const all = Buffer.concat([...content(0, size)]);
    whole.update(all);
    assert.equal((await fetchHash(admin, upload.id)).hash, whole.digest("hex"));
    for (const [from, to] of [[0, 0], [MiB - 1, MiB], [5, 32 * MiB], [size - 1, size - 1]]) {
      const part = await fetchHash(admin, upload.id, { Range: `bytes=${from}-${to}` });
      const expected = createHash("sha256").update(all.subarray(from, to + 1)).digest("hex");
      assert.deepEqual(part, { status: 206, hash: expected, bytes: to - from + 1 });
    }
    const { url } = await admin.need("GET", `/files/${upload.id}/url`);
    const hash = createHash("sha256");
    await new Promise((resolve, reject) => {
      get(admin.server.url + url, async (response) => {
        try {
          let chunks = 0;
          for await (const chunk of response) {
            hash.update(chunk);
            if (++chunks % 100 === 0) await new Promise((turn) => setTimeout(turn, 5));
          }
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
    assert.equal(hash.digest("hex"), createHash("sha256").update(all).digest("hex"));
  });

  test("many at once: all are whole, and too many are told to wait", async () => {
    const { server, admin, episode } = await ready;
    const size = 2 * MiB + 1;
    const uploads = await Promise.all(
      Array.from({ length: 15 }, () => TusUpload.create(admin, episode, "film.bin", size)),
    );
    const answers = await Promise.all(uploads.map((upload) => upload.finish()));
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([204]));
    const slow = await Promise.all(
      Array.from({ length: 20 }, () => TusUpload.create(admin, episode, "film.bin", size)),
    );
    const held = slow.map((upload) => upload.patch(0));
    for (const { sending } of held) {
      sending.on("error", () => {});
      sending.write(Buffer.from([1]));
    }
    const one = await TusUpload.create(admin, episode, "film.bin", size);
    await eventually("they are being written", async () => {
      const page = await (await fetch(`${server.url}/metrics`)).text();
      return /showrunner_files_uploads_active 20\n/.test(page);
    });
    const refused = await one.finish();
    assert.equal(refused.status, 503);
    assert.equal(refused.headers["retry-after"], "5");
    for (const { sending } of held) sending.destroy();
    await eventually("they have ended", async () => {
      const page = await (await fetch(`${server.url}/metrics`)).text();
      return /showrunner_files_uploads_active 0\n/.test(page);
    });
  });

  test("memory does not grow with the size of an upload", async (t) => {
    const { server, admin, episode } = await ready;
    const size = 256 * MiB;
    const before = server.residentKb();
    const upload = await TusUpload.create(admin, episode, "film.bin", size);
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, server.residentKb())), 50);
    const done = await upload.finish();
    clearInterval(watch);
    assert.equal(done.status, 204);
    t.diagnostic(`grew by ${Math.round((most - before) / 1024)} MiB`);
    assert.ok(most - before < 64 * 1024, `grew by ${most - before} kB`);
  });
});

test("a full disk: 507, the record failed, nothing leaked; then there is room again", async (t) => {
  const folder = makeFolder();
  const small = path.join(folder, "small");
  mkdirSync(small);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", small], { stdio: "pipe" });
  } catch {
    t.skip("a small file system cannot be mounted here (it takes root)");
    return;
  }
  t.after(() => execFileSync("umount", ["-l", small]));
  const { admin, episode } = await setUp(t, { folder, env: { SHOWRUNNER_FILE_DIR: small } });
  const about = { episode_id: episode, name: "film.bin", bytes: 20 * MiB };
  const made = await admin.need("POST", "/files", about);
  const { sending, answer } = open(admin, "PUT", `/files/${made.file.id}/content`, {
    "Content-Length": String(20 * MiB),
  });
  sending.on("error", () => {});
  await feed(sending, 0, 20 * MiB);
  sending.end();
  const refused = await answer;
  assert.equal(refused.status, 507);
  assert.equal(refused.body.code, "STORAGE_FULL");
  const file = await admin.need("GET", `/files/${made.file.id}`);
  assert.equal(file.state, "failed");
  assert.equal(file.error.code, "STORAGE_FULL");
  await eventually("nothing is left", () => filesIn(small).length === 0);
  const upload = await TusUpload.create(admin, episode, "small.bin", 5 * MiB);
  assert.equal((await upload.finish()).status, 204);
  assert.equal((await fetchHash(admin, upload.id)).hash, hashOf(5 * MiB));
});

test("a stop keeps what has arrived of an upload", async (t) => {
  const { server, admin, episode } = await setUp(t, { env: { SHOWRUNNER_DRAIN_TIMEOUT_MS: "1000" } });
  const size = 12 * MiB;
  const upload = await TusUpload.create(admin, episode, "film.bin", size);
  const { sending } = upload.patch(0);
  sending.on("error", () => {});
  await feed(sending, 0, 6 * MiB);
  await eventually("some of it is written", () => staged(server).some((name) => statSync(name).size >= 4 * MiB));
  await server.restart("SIGTERM");
  const kept = await upload.offset();
  assert.ok(kept >= 4 * MiB, `${kept}`);
  const done = await upload.finish();
  assert.equal(done.status, 204);
  assert.equal((await admin.need("GET", `/files/${upload.id}`)).sha256, hashOf(size));
});
