// Compositions on a real server: drawn by rsvg-convert and vips, again and again the same; what others see of
// them while they are edited.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import { signInAdmin } from "./api_client.mjs";
import { Listener } from "./listener.mjs";
import { eventually, makeFolder, sharedScope, ShowrunnerServer } from "./showrunner_server.mjs";

const needed = ["/usr/bin/rsvg-convert", "/usr/bin/vips", "/usr/bin/vipsheader"];
const absent = needed.filter((program) => !existsSync(program));
const skip = absent.length > 0 && `not installed: ${absent.join(", ")}`;

const scope = sharedScope();
const folder = makeFolder();
let server;
let admin;
let editor;
let episode;

before(async () => {
  server = await ShowrunnerServer.start(scope);
  admin = await signInAdmin(server);
  editor = await admin.addAndSignIn("editor");
  episode = await editor.createEpisode({ title: "Pilot", episode_number: 1 });
});

/** A picture of `width` × `height`, left half red and right half blue, that a camera held sideways has taken. */
function makePicture(width, height, orientation) {
  const [red, blue, both, out] = ["red.png", "blue.png", "both.png", "picture.jpg"].map((name) =>
    path.join(folder, name),
  );
  const half = [String(width / 2), String(height)];
  const plain = (target, colour) => {
    execFileSync("vips", ["black", target, ...half, "--bands", "3"]);
    execFileSync("vips", ["linear", target, `${target}.v`, "0 0 0", colour]);
    execFileSync("vips", ["cast", `${target}.v`, target, "uchar"]);
  };
  plain(red, "255 0 0");
  plain(blue, "0 0 255");
  execFileSync("vips", ["join", red, blue, both, "horizontal"]);
  execFileSync("vips", ["copy", both, `${out}[Q=95]`]);
  // An EXIF block with nothing but an orientation.
  const exif = Buffer.from("ffe1002245786966000049492a0008000000010012010300010000000000000000000000", "hex");
  exif[28] = orientation;
  const jpeg = readFileSync(out);
  return Buffer.concat([jpeg.subarray(0, 2), exif, jpeg.subarray(2)]);
}

async function upload(name, bytes) {
  const form = new FormData();
  form.set("file", new Blob([bytes], { type: "image/jpeg" }), name);
  const answer = await fetch(`${server.url}/api/v1/episodes/${episode.id}/files`, {
    method: "POST",
    headers: { Authorization: `Bearer ${editor.token}` },
    body: form,
  });
  const text = await answer.text();
  assert.equal(answer.status, 201, text);
  return JSON.parse(text).data;
}

const text = (id, more) => ({
  id,
  type: "text",
  x: 60,
  y: 60,
  width: 840,
  height: 200,
  font: "Inter",
  weight: 700,
  size: 80,
  color: "#ffffff",
  text: "Grüße <&> 🎬",
  ...more,
});
const rectangle = (id, more) => ({
  id,
  type: "shape",
  shape: "rectangle",
  x: 0,
  y: 0,
  width: 100,
  height: 100,
  fill: "#00ff00",
  ...more,
});
const formats = [
  { name: "wide", width: 960, height: 540 },
  { name: "square", width: 400, height: 400 },
  { name: "story", width: 270, height: 480 },
];

function makeDocument(layers, more = {}) {
  return { canvas: { width: 960, height: 540 }, background: "#101014", formats, layers, ...more };
}

function create(document, more = {}) {
  return editor.need("POST", "/compositions", {
    episode_id: episode.id,
    name: "Thumbnail",
    document,
    ...more,
  });
}

function finished(id) {
  return eventually(`job ${id}`, async () => {
    const job = await editor.need("GET", `/jobs/${id}`);
    return ["completed", "failed", "cancelled"].includes(job.status) && job;
  });
}

async function render(composition, input = {}) {
  const job = await editor.need("POST", `/compositions/${composition.id}/render`, input);
  const done = await finished(job.id);
  assert.equal(done.status, "completed", JSON.stringify(done.error));
  return done.result.files;
}

async function contentOf(fileId) {
  const answer = await fetch(`${server.url}/api/v1/files/${fileId}/content`, {
    headers: { Authorization: `Bearer ${editor.token}` },
  });
  assert.equal(answer.status, 200);
  return Buffer.from(await answer.arrayBuffer());
}

/** Width, height and the colours at points given as shares of both. */
function look(bytes, points) {
  const file = path.join(folder, "looked-at.png");
  const plain = path.join(folder, "looked-at.v");
  execFileSync("tee", [file], { input: bytes, stdio: ["pipe", "ignore", "inherit"] });
  execFileSync("vips", ["copy", file, plain]);
  const header = (field) => Number(execFileSync("vipsheader", ["-f", field, plain], { encoding: "utf8" }));
  const [width, height] = [header("width"), header("height")];
  const colours = points.map(([x, y]) =>
    execFileSync("vips", ["getpoint", plain, String(Math.floor(x * width)), String(Math.floor(y * height))], {
      encoding: "utf8",
    })
      .trim()
      .split(/\s+/)
      .slice(0, 3)
      .map((value) => Math.round(Number(value))),
  );
  return { width, height, colours };
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

test("a composition is rendered in every format, and the same again is the same file", { skip }, async () => {
  // As it was taken it is upside down: upright, blue is left.
  const picture = await upload("held.jpg", makePicture(800, 400, 3));
  const document = makeDocument([
    { id: "picture", type: "image", x: 0, y: 0, width: 960, height: 540, file_id: picture.id, bleed: true },
    rectangle("corner", { x: 860, y: 440, width: 52, height: 73, anchor: "bottom-right" }),
    text("title"),
  ]);
  const composition = await create(document);
  const files = await render(composition);
  assert.deepEqual(
    files.map(({ format }) => format),
    ["wide", "square", "story"],
  );
  for (const [index, file] of files.entries()) {
    const bytes = await contentOf(file.file_id);
    assert.equal(sha256(bytes), file.sha256);
    const { width, height, colours } = look(bytes, [
      [0.02, 0.6],
      [0.98, 0.6],
    ]);
    assert.deepEqual([width, height], [formats[index].width, formats[index].height]);
    const [left, right] = colours;
    assert.ok(left[2] > 200 && left[0] < 60, `blue is left: ${left}`);
    assert.ok(right[0] > 200 && right[2] < 60, `red is right: ${right}`);
  }
  const record = await editor.need("GET", `/files/${files[0].file_id}`);
  assert.equal(record.episode_id, episode.id);
  assert.equal(record.kind, "image");
  assert.equal(record.name, "Thumbnail wide.png");
  assert.equal(record.source.composition_id, composition.id);
  assert.equal(record.source.version, 1);
  assert.equal(record.source.format, "wide");

  const again = await render(composition);
  assert.deepEqual(
    again.map(({ file_id }) => file_id),
    files.map(({ file_id }) => file_id),
  );
  assert.deepEqual(
    await editor.need("GET", `/compositions/${composition.id}/renders`),
    again.toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1)),
  );

  // A deleted one is made again, to the byte.
  await editor.need("DELETE", `/files/${files[1].file_id}`);
  const [remade] = await render(composition, { formats: ["square"] });
  assert.notEqual(remade.file_id, files[1].file_id);
  assert.equal(remade.sha256, files[1].sha256);
});

test("other kinds of images, and other pictures of the same", { skip }, async () => {
  const composition = await create(
    makeDocument([rectangle("a", { width: 960, height: 540 })], { background: "#00000000" }),
  );
  const kinds = { png: "image/png", jpeg: "image/jpeg", webp: "image/webp" };
  for (const [image_format, type] of Object.entries(kinds)) {
    const [file] = await render(composition, { formats: ["wide"], image_format });
    assert.equal((await editor.need("GET", `/files/${file.file_id}`)).media_type, type);
    const [green] = look(await contentOf(file.file_id), [[0.5, 0.5]]).colours;
    assert.ok(green[1] > 240 && green[0] < 20 && green[2] < 20, `${image_format}: ${green}`);
  }
  const former = await render(composition, { formats: ["wide"] });
  await editor.need("PATCH", `/compositions/${composition.id}`, {
    document: makeDocument([rectangle("a", { fill: "#ff00ff" })]),
  });
  const [changed] = await render(composition, { formats: ["wide"] });
  assert.notEqual(changed.sha256, former[0].sha256);
  const [old] = await render(composition, { formats: ["wide"], version: 1 });
  assert.equal(old.file_id, former[0].file_id, "a former version is still what it was");
});

test("text is drawn with our fonts, where it breaks", { skip }, async () => {
  const layers = ["Inter", "Oswald", "EB Garamond", "Roboto Slab", "Caveat", "JetBrains Mono"].map(
    (font, index) =>
      text(`t${index}`, {
        font,
        x: 40 + 300 * (index % 3),
        y: 40 + 250 * Math.floor(index / 3),
        width: 260,
        height: 200,
        size: 60,
        text: "HHHHHHH HHHHHHH",
      }),
  );
  const seen = new Set();
  for (const layer of layers) {
    const composition = await create(makeDocument([{ ...layer, x: 40, y: 40 }], { formats: [formats[0]] }));
    const [file] = await render(composition);
    seen.add(file.sha256);
  }
  assert.equal(seen.size, layers.length, "every font looks different");
});

test("a line is drawn as wide as it was measured", { skip }, async () => {
  const { fonts } = JSON.parse(readFileSync(new URL("../../web/public/fonts/metrics.json", import.meta.url)));
  const size = 80;
  const inkOf = async (font, line) => {
    const layer = text("t", { font, size, width: 900, x: 20, text: line });
    const [file] = await render(await create(makeDocument([layer], { formats: [formats[0]] })));
    const drawn = path.join(folder, "line.png");
    execFileSync("tee", [drawn], { input: await contentOf(file.file_id), stdio: ["pipe", "ignore", "inherit"] });
    const trimmed = execFileSync("vips", ["find_trim", drawn, "--threshold", "60", "--background", "16 16 20"], {
      encoding: "utf8",
    });
    return Number(trimmed.split("\n")[2]);
  };
  for (const [font, faces] of Object.entries(fonts)) {
    // Letters that are drawn closer together where there is kerning, and some that become one with ligatures.
    const inner = "AVATo.ffi!=";
    const face = faces["700"];
    const measured = [...inner].reduce((sum, letter) => sum + face.advances[letter], 0) / face.units_per_em;
    const drawn = (await inkOf(font, `H${inner}H`)) - (await inkOf(font, "HH"));
    assert.ok(Math.abs(drawn - measured * size) <= 2, `${font}: ${drawn} is not ${measured * size}`);
  }
});

test("what cannot be drawn is said, and not tried again by itself", { skip }, async (t) => {
  const programs = makeFolder();
  for (const program of ["vips", "vipsheader"]) symlinkSync(`/usr/bin/${program}`, path.join(programs, program));
  const drawing = path.join(programs, "rsvg-convert");
  writeFileSync(drawing, "#!/bin/sh\nexit 3\n", { mode: 0o755 });
  const other = await ShowrunnerServer.start(t, { flags: ["--media-path", programs] });
  const user = await signInAdmin(other);
  const { id: episode_id } = await user.createEpisode({ title: "Pilot", episode_number: 1 });
  const { id } = await user.need("POST", "/compositions", { episode_id, name: "A" });
  const preview = () => user.get(`/compositions/${id}/versions/1/preview`);
  const failed = (job) =>
    eventually("the job has failed", async () => {
      const now = await user.need("GET", `/jobs/${job}`);
      return now.status === "failed" && now;
    });

  const first = await preview();
  assert.equal(first.status, 202);
  const job = await failed(first.body.data.id);
  assert.equal(job.error.code, "DRAWING_FAILED");
  assert.equal(job.attempt, 1);
  for (let each = 0; each < 2; ++each) {
    const again = await preview();
    assert.equal(again.status, 404);
    assert.equal(again.body.code, "PREVIEW_FAILED");
    assert.match(again.body.detail, /rsvg-convert ended with status 3/);
  }

  const asked = await user.need("POST", `/compositions/${id}/render`, {});
  await failed(asked.id);
  assert.equal((await preview()).status, 202, "asking for pictures lets the preview be tried again");
});

test("without programs drawing is unavailable, at once and for good", async (t) => {
  const bare = await ShowrunnerServer.start(t, { flags: ["--media-path", ""] });
  const user = await signInAdmin(bare);
  const { id: episode_id } = await user.createEpisode({ title: "Pilot", episode_number: 1 });
  const { id } = await user.need("POST", "/compositions", { episode_id, name: "A" });
  const preview = await user.get(`/compositions/${id}/versions/1/preview`);
  assert.equal(preview.status, 503);
  assert.equal(preview.body.code, "UNAVAILABLE");
  const { id: job } = await user.need("POST", `/compositions/${id}/render`, {});
  const ended = await eventually("the job has failed", async () => {
    const now = await user.need("GET", `/jobs/${job}`);
    return now.status === "failed" && now;
  });
  assert.equal(ended.error.code, "UNAVAILABLE");
  assert.match(ended.error.message, /rsvg-convert/);
  assert.equal(ended.attempt, 1);
});

test("a preview is made when somebody wants to see it", { skip }, async () => {
  const composition = await create(
    makeDocument([rectangle("a", { width: 960, height: 540 })], { canvas: { width: 1920, height: 1080 } }),
  );
  const target = `/api/v1/compositions/${composition.id}/versions/1/preview`;
  const fetchPreview = () =>
    fetch(server.url + target, { headers: { Authorization: `Bearer ${editor.token}` } });
  const first = await fetchPreview();
  assert.equal(first.status, 202);
  assert.equal(first.headers.get("retry-after"), "1");
  await finished((await first.json()).data.id);
  const second = await fetchPreview();
  assert.equal(second.status, 200);
  assert.equal(second.headers.get("content-type"), "image/webp");
  const { width, height } = look(Buffer.from(await second.arrayBuffer()), []);
  assert.deepEqual([width, height], [640, 360]);
  const known = await fetch(server.url + target, {
    headers: { Authorization: `Bearer ${editor.token}`, "If-None-Match": second.headers.get("etag") },
  });
  assert.equal(known.status, 304);
});

test("a picture that is gone fails the job for good, and is a grey box in previews", { skip }, async () => {
  const picture = await upload("gone.jpg", makePicture(80, 40, 1));
  const composition = await create(
    makeDocument([
      { id: "p", type: "image", name: "Guest", x: 0, y: 0, width: 96, height: 54, file_id: picture.id },
    ]),
  );
  await editor.need("DELETE", `/files/${picture.id}`);
  const job = await finished((await editor.need("POST", `/compositions/${composition.id}/render`, {})).id);
  assert.equal(job.status, "failed");
  assert.equal(job.error.code, "PICTURE_UNUSABLE");
  assert.match(job.error.message, /^Guest: /);
  assert.equal(job.attempt, 1);
  const preview = await editor.get(`/compositions/${composition.id}/versions/1/preview`);
  assert.equal((await finished(preview.body.data.id)).status, "completed");
});

test("rendering can be cancelled", { skip }, async () => {
  const large = Array.from({ length: 12 }, (_, index) => ({
    name: `large ${index}`,
    width: 6000,
    height: 6000,
  }));
  const composition = await create(makeDocument([text("t", { opacity: 0.5 })], { formats: large }));
  const job = await editor.need("POST", `/compositions/${composition.id}/render`, {});
  await eventually(
    "it has begun",
    async () => (await editor.need("GET", `/jobs/${job.id}`)).status === "processing",
  );
  await editor.need("POST", `/jobs/${job.id}/cancel`);
  assert.equal((await finished(job.id)).status, "cancelled");
});

test("who has a composition open hears of every change, small, and catches up by its version", async (t) => {
  const composition = await create(makeDocument([rectangle("a")]));
  const listener = await new Listener(t, server, (await admin.addAndSignIn("viewer")).token).connected();
  const subscribed = await listener.socket.emitWithAck("subscribe", {
    resourceType: "composition",
    resourceId: composition.id,
  });
  assert.equal(subscribed.ok, true, JSON.stringify(subscribed));
  assert.equal(subscribed.record.version, 1);
  await editor.need("PATCH", `/compositions/${composition.id}`, {
    document: makeDocument([rectangle("b")]),
    summary: "Another box",
  });
  const saved = await listener.event(
    ({ name, payload }) => name === "composition_updated" && payload.compositionId === composition.id,
  );
  assert.deepEqual(saved.payload.changedFields, ["document"]);
  assert.equal(saved.payload.version, 2);
  assert.equal(saved.payload.composition.document, null);
  assert.equal(saved.payload.episodeId, episode.id);
  assert.equal(saved.payload.reason, "Another box");
  await editor.need("POST", `/compositions/${composition.id}/revert/1`);
  const reverted = await listener.event(
    ({ name, payload }) => name === "composition_reverted" && payload.compositionId === composition.id,
  );
  assert.equal(reverted.payload.revertedFrom, 1);
  const activities = await editor.need("GET", `/activities/composition/${composition.id}`);
  assert.deepEqual(
    activities.map(({ summary }) => summary),
    [
      'took the composition "Thumbnail" back to version 1',
      'changed document of the composition "Thumbnail"',
      'created the composition "Thumbnail"',
    ],
  );
});
