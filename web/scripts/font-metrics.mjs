// Writes public/fonts/metrics.json: what line breaking needs to know of each font, read from the font files themselves,
// so that the page and the server break lines alike. Lengths are in the font's own units, of which an em has units_per_em.
// With --check it only says whether the file is current.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const families = {
  Inter: 'Inter',
  Oswald: 'Oswald',
  'EB Garamond': 'EBGaramond',
  'Roboto Slab': 'RobotoSlab',
  Caveat: 'Caveat',
  'JetBrains Mono': 'JetBrainsMono',
};
const weights = { 400: 'Regular', 700: 'Bold' };
const folder = fileURLToPath(new URL('../public/fonts/', import.meta.url));

/** The tables of a TrueType file by their names. */
function tablesOf(file) {
  const tables = new Map();
  for (let index = 0; index < file.readUInt16BE(4); index++) {
    const at = 12 + index * 16;
    const offset = file.readUInt32BE(at + 8);
    tables.set(
      file.toString('latin1', at, at + 4),
      file.subarray(offset, offset + file.readUInt32BE(at + 12)),
    );
  }
  return tables;
}

/** Code point → glyph, of the font's Unicode map of format 4: the basic plane, which is all these fonts have. */
function glyphsOf(cmap) {
  for (let index = 0; index < cmap.readUInt16BE(2); index++) {
    const map = cmap.subarray(cmap.readUInt32BE(4 + index * 8 + 4));
    if (map.readUInt16BE(0) === 4) return segmentsOf(map);
  }
  throw new Error('the font has no character map of format 4');
}

function segmentsOf(map) {
  const glyphs = [];
  const size = map.readUInt16BE(6); // bytes of each of the four arrays
  for (let at = 0; at < size; at += 2) {
    const end = map.readUInt16BE(14 + at);
    const start = map.readUInt16BE(16 + size + at);
    const delta = map.readUInt16BE(16 + 2 * size + at);
    const range = 16 + 3 * size + at;
    const offset = map.readUInt16BE(range);
    for (let point = start; point <= end && point !== 0xffff; point++) {
      const entry = offset === 0 ? point : map.readUInt16BE(range + offset + 2 * (point - start));
      const glyph = offset !== 0 && entry === 0 ? 0 : (entry + delta) & 0xffff;
      if (glyph !== 0) glyphs.push([point, glyph]);
    }
  }
  return glyphs.sort(([a], [b]) => a - b);
}

/** The lengths of one font file. */
function faceOf(name, file) {
  const tables = tablesOf(file);
  const hhea = tables.get('hhea');
  const hmtx = tables.get('hmtx');
  const metrics = hhea.readUInt16BE(34);
  const advance = (glyph) => hmtx.readUInt16BE(4 * Math.min(glyph, metrics - 1));
  return {
    file: name,
    units_per_em: tables.get('head').readUInt16BE(18),
    ascent: hhea.readInt16BE(4),
    descent: -hhea.readInt16BE(6),
    default_advance: advance(0), // of a character the font does not have
    advances: Object.fromEntries(
      glyphsOf(tables.get('cmap')).map(([point, glyph]) => [String.fromCodePoint(point), advance(glyph)]),
    ),
  };
}

/** The name table must say what the document says: the renderer finds a font by its family and weight. */
function checkNames(file, family, weight) {
  const name = tablesOf(file).get('name');
  const strings = name.readUInt16BE(4);
  const found = [];
  for (let index = 0; index < name.readUInt16BE(2); index++) {
    const at = 6 + index * 12;
    if (name.readUInt16BE(at) !== 3 || name.readUInt16BE(at + 6) !== 1) continue;
    const start = strings + name.readUInt16BE(at + 10);
    found.push(new TextDecoder('utf-16be').decode(name.subarray(start, start + name.readUInt16BE(at + 8))));
  }
  const actual = tablesOf(file).get('OS/2').readUInt16BE(4);
  if (!found.length || found.some((each) => each !== family) || actual !== Number(weight))
    throw new Error(`the font file of ${family} ${weight} calls itself ${found.join(', ')} ${actual}`);
}

/** A line is as wide as its characters: nothing in the file may join, exchange or move them, but for marks over letters. */
function checkWidths(file, name) {
  const tables = tablesOf(file);
  if (tables.has('GSUB') || tables.has('kern')) throw new Error(`${name} has ligatures or kerning`);
  const gpos = tables.get('GPOS');
  if (!gpos) return;
  const features = gpos.subarray(gpos.readUInt16BE(6));
  for (let index = 0; index < features.readUInt16BE(0); index++) {
    const tag = features.toString('latin1', 2 + index * 6, 6 + index * 6);
    if (tag !== 'mark' && tag !== 'mkmk') throw new Error(`${name} moves letters: ${tag}`);
  }
}

/** One line a face: small, and a change of a font is still seen in a diff. */
async function metrics() {
  const lines = [];
  for (const [family, file] of Object.entries(families)) {
    const faces = [];
    for (const [weight, style] of Object.entries(weights)) {
      const name = `${file}-${style}.ttf`;
      const content = await readFile(`${folder}${name}`);
      checkNames(content, family, weight);
      checkWidths(content, name);
      faces.push(`"${weight}": ${JSON.stringify(faceOf(name, content))}`);
    }
    lines.push(`"${family}": {\n${faces.join(',\n')}\n}`);
  }
  return `{"fonts": {\n${lines.join(',\n')}\n}}\n`;
}

const target = `${folder}metrics.json`;
const text = await metrics();
if (!process.argv.includes('--check')) await writeFile(target, text);
else if ((await readFile(target, 'utf8')) !== text) {
  console.error('public/fonts/metrics.json is not what its script makes: run npm run fonts');
  process.exit(1);
}
