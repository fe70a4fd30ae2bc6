// What is made of uploaded files: real media, real programs, the real server.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, test } from "node:test";
import { deflateSync } from "node:zlib";
import { signIn } from "./api_client.mjs";
import { eventually, makeFolder, sharedScope, ShowrunnerServer } from "./showrunner_server.mjs";

const scope = sharedScope();
const folder = makeFolder();
const programs = ["vips", "vipsheader", "ffmpeg", "ffprobe"];
const missing = programs.filter((name) => spawnSync(name, ["-version"]).error);
const skip = missing.length > 0 && `not installed: ${missing.join(", ")}`;

function ffmpeg(...args) {
  const made = spawnSync("ffmpeg", ["-v", "error", "-y", ...args], { cwd: folder });
  assert.equal(made.status, 0, String(made.stderr));
}

function inFolder(name) {
  return readFileSync(path.join(folder, name));
}

/** A PNG of a few bytes that says it is enormous. */
function bomb(width, height) {
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  const crc = (bytes) => {
    let c = 0xffffffff;
    for (const byte of bytes) c = table[(c ^ byte) & 255] ^ (c >>> 8);
    return (c ^ 0xffffffff) >>> 0;
  };
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.alloc(1000));
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

async function upload(as, episode, name, bytes) {
  const { file, upload: ticket } = await as.need("POST", "/files", {
    episode_id: episode.id,
    name,
    bytes: bytes.length,
  });
  const sent = await fetch(new URL(ticket.url, as.server.url), {
    method: ticket.verb,
    headers: { Authorization: `Bearer ${as.token}`, ...ticket.headers },
    body: bytes,
  });
  assert.equal(sent.status, 200, await sent.text());
  return file.id;
}

/** The record, once something was found in the file, or it is known that nothing can be. */
function described(as, id) {
  return eventually(
    `what is in ${id}`,
    async () => {
      const file = await as.need("GET", `/files/${id}`);
      return file.media && file;
    },
    60_000,
  );
}

/** All jobs of files, once none is left to do; none may have failed. */
function allDone(as) {
  return eventually("the end of all jobs", async () => {
    const jobs = await as.need("GET", "/jobs?type=media");
    assert.ok(jobs.every((job) => job.status !== "failed"), JSON.stringify(jobs));
    return jobs.length > 0 && jobs.every((job) => job.status === "completed") && jobs;
  });
}

function byRole(file, role) {
  return file.derivatives.filter((each) => each.role === role);
}

/** Status, headers and bytes. */
async function fetchRaw(as, url, headers = {}) {
  const answer = await fetch(as.server.url + url, {
    headers: { Authorization: `Bearer ${as.token}`, ...headers },
  });
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

/** Width and height of a WebP. */
function sizeOf(webp) {
  assert.equal(webp.toString("latin1", 8, 12), "WEBP");
  const kind = webp.toString("latin1", 12, 16);
  if (kind === "VP8X") return [webp.readUIntLE(24, 3) + 1, webp.readUIntLE(27, 3) + 1];
  assert.equal(kind, "VP8 ");
  return [webp.readUInt16LE(26) & 0x3fff, webp.readUInt16LE(28) & 0x3fff];
}

describe("media", { skip }, () => {
  let server;
  let editor;
  let viewer;
  let admin;
  let episode;

  before(async () => {
    server = await ShowrunnerServer.start(scope);
    admin = await signIn(server, server.adminEmail, server.adminPassword);
    editor = await admin.addAndSignIn("editor");
    viewer = await admin.addAndSignIn("viewer");
    episode = await editor.createEpisode({ title: "With media", episode_number: 1 });
  });

  test("the server says that it has the programs", async () => {
    const ready = await (await fetch(`${server.url}/ready`)).json();
    assert.equal(ready.checks.media, "ok");
    assert.deepEqual((await viewer.need("GET", "/config")).missing_tools, []);
  });

  test("an image gets thumbnails of several widths and a preview, which may be kept for ever", async () => {
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=2400x1200", "-frames:v", "1", "still.jpg");
    const id = await upload(editor, episode, "still.jpg", inFolder("still.jpg"));
    const file = await described(editor, id);
    assert.deepEqual([file.media.format, file.media.width, file.media.height], ["jpeg", 2400, 1200]);
    const thumbnails = byRole(file, "thumbnail");
    assert.deepEqual(
      thumbnails.map((each) => [each.state, each.width, each.height, each.media_type]),
      [160, 320, 640].map((width) => ["ready", width, width / 2, "image/webp"]),
    );
    const [preview] = byRole(file, "preview");
    assert.deepEqual([preview.width, preview.height], [1600, 800]);

    const small = await fetchRaw(viewer, thumbnails[0].url);
    assert.equal(small.status, 200);
    assert.equal(small.headers.get("content-type"), "image/webp");
    assert.match(small.headers.get("cache-control"), /private.*immutable/);
    assert.equal(small.bytes.length, thumbnails[0].bytes);
    assert.deepEqual(sizeOf(small.bytes), [160, 80]);
    const etag = small.headers.get("etag");
    const again = await fetchRaw(viewer, thumbnails[0].url, { "If-None-Match": etag });
    assert.deepEqual([again.status, again.bytes.length], [304, 0]);
    assert.deepEqual(sizeOf((await fetchRaw(viewer, preview.url)).bytes), [1600, 800]);

    // The nearest that is wide enough, else the widest; without a version it is asked for again.
    for (const [width, given] of [["1", 160], ["161", 320], ["4000", 640], [undefined, 320]]) {
      const query = width ? `?width=${width}` : "";
      const answer = await fetchRaw(viewer, `/api/v1/files/${id}/thumbnail${query}`);
      assert.equal(sizeOf(answer.bytes)[0], given);
      assert.match(answer.headers.get("cache-control"), /no-cache/);
    }
    assert.equal((await viewer.get(`/files/${id}/thumbnail?width=0`)).status, 422);
    assert.equal((await viewer.get(`/files/${id}/waveform`)).body.code, "NO_DERIVATIVE");
    assert.equal((await fetch(`${server.url}/api/v1/files/${id}/thumbnail`)).status, 401);
  });

  test("everybody hears of it: file_updated with what was found", async () => {
    const events = await editor.ledger("file_updated");
    assert.ok(events.length > 0);
    const { payload } = events[0];
    assert.deepEqual(payload.changedFields.toSorted(), ["derivatives", "media"]);
    assert.equal(payload.file.derivatives.length, 4);
  });

  test("a video that was filmed upright: facts, a poster, thumbnails", async () => {
    const flat = ["-f", "lavfi", "-i", "testsrc2=s=640x360:d=3:r=25", "-f", "lavfi", "-i", "sine=440:d=3"];
    ffmpeg(...flat, "-c:v", "mpeg4", "-c:a", "aac", "flat.mp4");
    ffmpeg("-i", "flat.mp4", "-c", "copy", "-metadata:s:v", "rotate=90", "upright.mp4");
    const id = await upload(editor, episode, "upright.mp4", inFolder("upright.mp4"));
    const { media, ...file } = await described(editor, id);
    assert.deepEqual([media.width, media.height], [360, 640]);
    assert.ok(Math.abs(media.duration_ms - 3000) < 150, media.duration_ms);
    assert.equal(media.video[0].codec, "mpeg4");
    assert.equal(media.audio[0].codec, "aac");
    const [poster] = byRole(file, "poster");
    assert.deepEqual([poster.state, poster.width, poster.height], ["ready", 360, 640]);
    assert.deepEqual(sizeOf((await fetchRaw(viewer, poster.url)).bytes), [360, 640]);
    assert.ok(byRole(file, "thumbnail").every((each) => each.state === "ready"));
  });

  test("a sound gets its waveform, to be drawn and as a picture", async () => {
    ffmpeg("-f", "lavfi", "-i", "aevalsrc='sin(440*2*PI*t)*t/4':d=4:s=48000", "loud.wav");
    const id = await upload(editor, episode, "loud.wav", inFolder("loud.wav"));
    const file = await described(editor, id);
    const [drawing] = byRole(file, "waveform");
    assert.equal(drawing.state, "ready");
    const { peaks, duration_ms } = await viewer.need("GET", drawing.url.slice("/api/v1".length));
    assert.ok(Math.abs(duration_ms - 4000) < 50);
    assert.equal(peaks.length, 1000);
    assert.ok(peaks[10] < 0.05 && peaks[990] > 0.9);
    const [picture] = byRole(file, "thumbnail");
    assert.deepEqual(sizeOf((await fetchRaw(viewer, picture.url)).bytes), [640, 160]);
  });

  test("a script in Latin-1 is read at a glance", async () => {
    const text = "INT. CAF\u00c9 \u2013 DAY\r\n\r\nA man enters.\r\n";
    const bytes = Buffer.from(text.replace("\u2013", "\x96"), "latin1");
    const id = await upload(editor, episode, "script.txt", bytes);
    await described(editor, id);
    const preview = await viewer.need("GET", `/files/${id}/text`);
    assert.deepEqual(preview, { text: text.replaceAll("\r", ""), encoding: "windows-1252", cut: false });
  });

  test("what is broken or a bomb says so, and its job has not failed", async () => {
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=640x360:d=3", "-c:v", "mpeg4", "whole.mp4");
    const whole = inFolder("whole.mp4");
    for (const [name, bytes, kind] of [
      ["cut.mp4", whole.subarray(0, whole.length / 2), "broken"],
      ["bomb.png", bomb(50_000, 50_000), "too_large"],
    ]) {
      const id = await upload(editor, episode, name, bytes);
      const file = await described(editor, id);
      assert.equal(file.media.error.kind, kind, name);
      assert.equal(file.state, "ready");
      const [thumbnail] = byRole(file, "thumbnail");
      assert.deepEqual([thumbnail.state, thumbnail.url], ["failed", null]);
      const answer = await viewer.get(`/files/${id}/thumbnail`);
      assert.equal(answer.status, 404);
      assert.equal(answer.body.code, "DERIVATIVE_FAILED");
      assert.equal(answer.body.detail, file.media.error.message);
    }
    await allDone(editor);
  });

  test("a playlist reads nothing of what it names", async () => {
    writeFileSync(path.join(folder, "secret.txt"), "secret");
    const list = `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://${folder}/flat.mp4\n#EXT-X-ENDLIST\n`;
    const answer = await editor.post("/files", { episode_id: episode.id, name: "list.mp4", bytes: list.length });
    if (answer.status !== 201) return;
    const ticket = answer.body.data.upload;
    const sent = await fetch(new URL(ticket.url, server.url), {
      method: ticket.verb,
      headers: { Authorization: `Bearer ${editor.token}`, ...ticket.headers },
      body: list,
    });
    if (sent.status !== 200) return; // Refused at the door.
    const file = await editor.need("GET", `/files/${answer.body.data.file.id}`);
    assert.notEqual(file.kind, "video"); // By its bytes it is none: nobody looks into it as one.
    assert.equal((await viewer.get(`/files/${file.id}/thumbnail`)).body.code, "NO_DERIVATIVE");
  });

  test("made again on demand, one job at a time; a viewer may not", async () => {
    await admin.need("PATCH", "/jobs/queues/media", { paused: true });
    const id = await upload(editor, episode, "again.jpg", inFolder("still.jpg"));
    assert.equal((await viewer.get(`/files/${id}/thumbnail`)).body.code, "DERIVATIVE_PENDING");
    const first = await editor.need("POST", `/files/${id}/derivatives`);
    const second = await editor.need("POST", `/files/${id}/derivatives`);
    assert.equal(first.id, second.id);
    assert.equal(first.type, "media");
    assert.equal((await viewer.post(`/files/${id}/derivatives`)).status, 403);
    await admin.need("PATCH", "/jobs/queues/media", { paused: false });
    const once = await described(editor, id);
    await eventually("the job's end", async () => {
      const job = await editor.need("GET", `/jobs/${first.id}`);
      return job.status === "completed";
    });
    const third = await editor.need("POST", `/files/${id}/derivatives`);
    await eventually("the other job's end", async () => {
      const job = await editor.need("GET", `/jobs/${third.id}`);
      return job.status === "completed" && job.result.ready === 4;
    });
    const twice = await editor.need("GET", `/files/${id}`);
    assert.deepEqual(twice.derivatives, once.derivatives);
  });

  test("a file that is deleted before its job ends quietly", async () => {
    await admin.need("PATCH", "/jobs/queues/media", { paused: true });
    const id = await upload(editor, episode, "gone.jpg", inFolder("still.jpg"));
    const job = await editor.need("POST", `/files/${id}/derivatives`);
    await editor.need("DELETE", `/files/${id}`);
    await admin.need("PATCH", "/jobs/queues/media", { paused: false });
    const over = await eventually("the job's end", async () => {
      const now = await editor.need("GET", `/jobs/${job.id}`);
      return now.status === "completed" && now;
    });
    assert.deepEqual(over.result, { skipped: true });
    assert.equal((await viewer.get(`/files/${id}/thumbnail`)).status, 404);
  });
});

test("without the programs uploading works, and previews are said to be unavailable", async (t) => {
  const server = await ShowrunnerServer.start(t, { env: { SHOWRUNNER_MEDIA_PATH: "/no/such/folder" } });
  const editor = await signIn(server, server.adminEmail, server.adminPassword);
  const episode = await editor.createEpisode({ title: "Without", episode_number: 1 });
  const ready = await (await fetch(`${server.url}/ready`)).json();
  assert.equal(ready.status, "ready");
  assert.equal(ready.checks.media, `without ${programs.join(", ")}`);
  assert.deepEqual((await editor.need("GET", "/config")).missing_tools, programs);
  const id = await upload(editor, episode, "bomb.png", bomb(10, 10));
  const file = await described(editor, id);
  assert.equal(file.media.error.kind, "unavailable");
  assert.ok(file.derivatives.every((each) => each.state === "unavailable"));
  const answer = await editor.get(`/files/${id}/thumbnail`);
  assert.deepEqual([answer.status, answer.body.code], [404, "DERIVATIVE_UNAVAILABLE"]);
  assert.match(answer.body.detail, /vips.* is not installed on this server/);
  const [job] = await allDone(editor);
  assert.deepEqual(job.result, { ready: 0, unavailable: 2, failed: 0 });
});
