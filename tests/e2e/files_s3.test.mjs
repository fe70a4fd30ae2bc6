// Files in S3, by the real server and a real S3 that verifies signatures: through the server, past
// it, and with one or the other gone in the middle.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { signInAdmin } from "./api_client.mjs";
import { startS3 } from "./s3_server.mjs";
import { eventually, sharedScope, ShowrunnerServer } from "./showrunner_server.mjs";
import { content, feed, hashOf, TusUpload } from "./upload_client.mjs";

const MiB = 1024 * 1024;
const bucket = "files";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Text that is no other's, of a size. */
const script = (size) =>
  `INT. STUDIO - NIGHT\n${"A line of the script.\n".repeat(size / 22 + 1)}`.slice(0, size);

async function setUp(scope) {
  const s3 = await startS3();
  if (!s3) return undefined;
  scope.after(() => s3.end());
  await s3.makeBucket(bucket);
  const env = { ...s3.env, FILE_STORE: "s3", S3_BUCKET: bucket, SHOWRUNNER_S3_PREFIX: "show" };
  const server = await ShowrunnerServer.start(scope, { env });
  const admin = await signInAdmin(server);
  const episode = await admin.createEpisode({ title: "Pilot", episode_number: 1 });
  return { s3, server, admin, episode: episode.id };
}

async function fetchHash(admin, id, headers = {}) {
  const response = await fetch(`${admin.server.url}/api/v1/files/${id}/content`, {
    headers: { Authorization: `Bearer ${admin.token}`, ...headers },
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, hash: sha256(bytes), bytes: bytes.length };
}

async function sendForm(admin, episode, name, text) {
  const form = new FormData();
  form.append("file", new Blob([text], { type: "text/plain" }), name);
  const response = await fetch(`${admin.server.url}/api/v1/episodes/${episode}/files`, {
    method: "POST",
    headers: { Authorization: `Bearer ${admin.token}` },
    body: form,
  });
  return { status: response.status, body: await response.json() };
}

describe("files in S3", () => {
  const scope = sharedScope();
  const ready = setUp(scope);

  /** A test with all of it; skipped where there is no server. */
  const withS3 = (name, run) =>
    test(name, async (t) => {
      const all = await ready;
      if (!all) return t.skip("Debian's python3-swift is not installed");
      await run({ ...all, t });
    });

  withS3("an upload goes on after S3 and then the server are killed in the middle", async (all) => {
    const { s3, server, admin, episode, t } = all;
    const size = 40 * MiB + 12345;
    const upload = await TusUpload.create(admin, episode, "film.bin", size, { sha256: hashOf(size) });
    const first = upload.patch(0);
    first.sending.on("error", () => {});
    await feed(first.sending, 0, 20 * MiB);
    const kept = await eventually("some of it is on record", () => upload.offset());
    assert.equal((await s3.contents(bucket)).uploads.length, 1);
    await s3.stop();
    await feed(first.sending, 20 * MiB, 24 * MiB);
    await server.end("SIGKILL");
    await s3.start();
    await server.launch();
    await eventually("the lease of the dead has run out", async () => {
      const { sending, answer } = upload.patch(await upload.offset(), 0);
      sending.end();
      return (await answer).status === 204;
    });
    const done = await upload.finish();
    assert.equal(done.status, 204, JSON.stringify(done.body));
    assert.ok(done.from >= kept, "what was said to be there was there");
    t.diagnostic(`went on at ${done.from}`);

    const file = await admin.need("GET", `/files/${upload.id}`);
    assert.equal(file.state, "ready");
    assert.equal(file.sha256, hashOf(size));
    assert.deepEqual(await fetchHash(admin, upload.id), { status: 200, hash: hashOf(size), bytes: size });
    const part = await fetchHash(admin, upload.id, { Range: `bytes=${8 * MiB - 5}-${8 * MiB + 4}` });
    const around = Buffer.concat([...content(8 * MiB - 5, 8 * MiB + 5)]);
    assert.deepEqual(part, { status: 206, hash: sha256(around), bytes: 10 });
    const { keys, uploads } = await s3.contents(bucket);
    assert.deepEqual([keys.length, uploads.length], [1, 0], "nothing is left over");
    assert.match(keys[0], /^show\/blobs\/[0-9a-f-]{36}$/);
  });

  withS3("a small file by form, a link that S3 itself answers, and its end", async (all) => {
    const { s3, admin, episode } = all;
    const text = script(5000);
    const { status, body } = await sendForm(admin, episode, "pilot.txt", text);
    assert.equal(status, 201, JSON.stringify(body));
    const { url } = await admin.need("GET", `/files/${body.data.id}/url?download=true`);
    assert.ok(url.startsWith(`${s3.url}/${bucket}/show/blobs/`), url);
    const linked = await fetch(url);
    assert.equal(await linked.text(), text);
    assert.match(linked.headers.get("content-disposition"), /^attachment; filename/);
    assert.equal((await fetch(url.replace(/.$/, (c) => (c === "0" ? "1" : "0")))).status, 403);

    const short = await admin.need("GET", `/files/${body.data.id}/url?ttl_s=1`);
    await eventually("it has expired", async () => (await fetch(short.url)).status === 403);
  });

  withS3("past the server: announced, sent to S3, checked, ready", async (all) => {
    const { s3, admin, episode } = all;
    const text = script(100_000);
    const announce = (name) =>
      admin.need("POST", "/files", {
        episode_id: episode,
        name,
        bytes: text.length,
        sha256: sha256(text),
        media_type: "text/plain",
        method: "direct",
      });
    const send = ({ verb, url, headers }, body) => fetch(url, { method: verb, headers, body });

    const good = await announce("direct.txt");
    assert.equal(good.upload.method, "direct");
    assert.ok(good.upload.url.startsWith(s3.url), good.upload.url);
    // Too early: nothing is there. It may be asked again.
    assert.equal((await admin.post(`/files/${good.file.id}/complete`, {})).status, 404);
    assert.equal((await send(good.upload, `${text}x`)).status, 403);
    const other = { ...good.upload, headers: { ...good.upload.headers, "content-type": "text/html" } };
    assert.equal((await send(other, text)).status, 403);
    assert.equal((await send(good.upload, text)).status, 200);
    const file = await admin.need("POST", `/files/${good.file.id}/complete`, {});
    assert.deepEqual([file.state, file.sha256, file.bytes], ["ready", sha256(text), text.length]);
    assert.equal((await fetchHash(admin, file.id)).hash, sha256(text));

    // Swift does not look at the hash that was signed; the server does.
    const bad = await announce("forged.txt");
    assert.equal((await send(bad.upload, `X${text.slice(1)}`)).status, 200);
    const refused = await admin.post(`/files/${bad.file.id}/complete`, {});
    assert.equal(refused.status, 422);
    assert.equal(refused.body.code, "CHECKSUM_MISMATCH");
    assert.equal((await admin.need("GET", `/files/${bad.file.id}`)).state, "failed");
    // Swift's lists are a little behind what is there.
    await eventually("nothing staged is left", async () => {
      const { keys } = await s3.contents(bucket);
      return keys.every((key) => !key.includes("/staged/"));
    });
  });

  withS3("without S3 the rest works, and files say so", async (all) => {
    const { s3, admin, episode } = all;
    const { body } = await sendForm(admin, episode, "before.txt", script(300));
    await s3.stop();
    const [failed, missing] = await Promise.all([
      sendForm(admin, episode, "meanwhile.txt", script(400)),
      fetchHash(admin, body.data.id),
    ]);
    assert.equal(failed.status, 503, JSON.stringify(failed.body));
    assert.equal(missing.status, 503);
    assert.equal((await admin.get(`/episodes/${episode}`)).status, 200);
    await s3.start();
    assert.equal((await fetchHash(admin, body.data.id)).status, 200);
    assert.equal((await sendForm(admin, episode, "after.txt", script(500))).status, 201);
  });
});
