// The budgets of the build: bytes as they are sent. Fails when one is exceeded.
import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;
const kB = 1000;
const limits = { initialJs: 120 * kB, routeJs: 80 * kB, css: 15 * kB, fonts: 60 * kB };

const html = await readFile(join(dist, 'index.html'), 'utf8');
const linked = (pattern) => [...html.matchAll(pattern)].map((match) => match[1].replace(/^\//, ''));
const initial = [
  ...new Set([
    ...linked(/<script[^>]*src="([^"]+)"/g),
    ...linked(/<link[^>]*modulepreload[^>]*href="([^"]+)"/g),
  ]),
];
const styles = linked(/<link[^>]*rel="stylesheet"[^>]*href="([^"]+)"/g);
const fonts = linked(/<link[^>]*rel="preload"[^>]*href="([^"]+\.woff2)"/g);

const sizes = new Map();
async function size(file, compress = gzipSync) {
  const key = `${compress === gzipSync ? 'gz' : 'br'} ${file}`;
  if (!sizes.has(key)) sizes.set(key, compress(await readFile(join(dist, file))).length);
  return sizes.get(key);
}
const total = async (files, compress) =>
  (await Promise.all(files.map((file) => size(file, compress)))).reduce((a, b) => a + b, 0);

/** Everything a lazily loaded chunk pulls in that the first page did not bring. */
async function closure(entry, seen = new Set()) {
  if (seen.has(entry) || initial.includes(entry)) return seen;
  seen.add(entry);
  const code = await readFile(join(dist, entry), 'utf8');
  for (const [, name] of code.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
    await closure(`assets/${name}`, seen);
  return seen;
}

const lines = [];
let over = 0;
function check(name, bytes, limit) {
  const bad = bytes > limit;
  if (bad) over++;
  lines.push(
    `${bad ? 'OVER' : 'ok  '}  ${name.padEnd(34)} ${(bytes / kB).toFixed(1).padStart(7)} kB of ${limit / kB} kB`,
  );
}

check('initial JavaScript, gzip', await total(initial), limits.initialJs);
lines.push(
  `      ${'initial JavaScript, brotli'.padEnd(34)} ${((await total(initial, brotliCompressSync)) / kB).toFixed(1).padStart(7)} kB`,
);
check('CSS, gzip', await total(styles), limits.css);
const fontBytes = (
  await Promise.all(fonts.map(async (file) => (await readFile(join(dist, file))).length))
).reduce((a, b) => a + b, 0);
check('fonts before the first text', fontBytes, limits.fonts);
const chunks = (await readdir(join(dist, 'assets')))
  .filter((name) => name.endsWith('.js'))
  .map((name) => `assets/${name}`);
const lazy = chunks.filter(
  (file) => !initial.includes(file) && /(Page|Dialog|Palette|Help|esm|socket)/.test(basename(file)),
);
for (const file of lazy)
  check(basename(file).replace(/-.{8}\.js$/, ''), await total([...(await closure(file))]), limits.routeJs);

console.log(lines.join('\n'));
console.log(over ? `${over} over budget` : 'within budget');
process.exit(over ? 1 : 0);
