import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { normalise, type Document, type Format } from './document';
import { place, safeArea, textLines } from './layout';
import { breakLines, type FontMetrics, type Metrics } from './text';

interface Expected {
  id: string;
  hidden?: boolean;
  lines?: { text: string; x: number; y: number }[];
  [length: string]: unknown;
}
interface Fixture {
  about: string;
  metrics: Metrics;
  document: Document;
  format: Format;
  expected: Expected[];
}

const folder = resolve('../tests/fixtures/compositions');
const fixtures = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Fixture);

describe('where layers are in a format, as the server has them', () => {
  test.each(fixtures)('$about', ({ metrics, document, format, expected }) => {
    const placed = place(normalise(document), format);
    expect(placed.map(({ layer }) => layer.id)).toEqual(expected.map(({ id }) => id));
    for (const [index, { id, hidden = false, lines, ...lengths }] of expected.entries()) {
      const actual = placed[index];
      if (!actual) throw new Error(`no layer ${id}`);
      expect(actual.hidden, `${id} hidden`).toBe(hidden);
      const values: Record<string, unknown> = { ...actual, stroke_width: actual.strokeWidth };
      for (const [name, value] of Object.entries(lengths))
        expect(Math.abs(Number(values[name]) - Number(value)), `${id} ${name}`).toBeLessThanOrEqual(0.01);
      if (!lines || actual.layer.type !== 'text') continue;
      const found = textLines(actual, actual.layer, metrics).lines;
      expect(found.map(({ text }) => text)).toEqual(lines.map(({ text }) => text));
      for (const [at, line] of lines.entries()) {
        expect(Math.abs((found[at]?.x ?? Number.NaN) - line.x), `${id} line ${at} x`).toBeLessThanOrEqual(
          0.01,
        );
        expect(Math.abs((found[at]?.y ?? Number.NaN) - line.y), `${id} line ${at} y`).toBeLessThanOrEqual(
          0.01,
        );
      }
    }
  });
});

const mono: FontMetrics = { units_per_em: 10, ascent: 8, descent: 2, default_advance: 5, advances: {} };

test('words go together as long as they fit, exactly', () => {
  expect(breakLines('aa bb cc', mono, 10, 25)).toEqual(['aa bb', 'cc']);
  expect(breakLines('aa bb cc', mono, 10, 24.98)).toEqual(['aa', 'bb', 'cc']);
});

test('a word wider than the box is broken, and what is left goes on', () => {
  expect(breakLines('abcdefgh i', mono, 10, 15)).toEqual(['abc', 'def', 'gh', 'i']);
  expect(breakLines('abcd i', mono, 10, 15)).toEqual(['abc', 'd i']);
});

test('a box that holds nothing still ends: one character a line', () => {
  expect(breakLines('ab c', mono, 10, 0)).toEqual(['a', 'b', 'c']);
  expect(breakLines('', mono, 10, 0)).toEqual(['']);
});

test('characters outside the basic plane are not torn', () => {
  expect(breakLines('😀😀', mono, 10, 5)).toEqual(['😀', '😀']);
});

test('stories keep clear of what platforms draw over them', () => {
  const { x, y, width, height } = safeArea({ width: 1000, height: 1600 });
  expect([x, y, width, height].map(Math.round)).toEqual([50, 224, 900, 1056]);
  expect(safeArea({ width: 1000, height: 1599 }).y).toBeCloseTo(79.95);
});
