import { expect, test } from 'vitest';
import { documentOf, shape, text } from '@/test/compositions';
import {
  addFormat,
  addLayers,
  changeLayer,
  clearOverrides,
  duplicateLayers,
  moveLayer,
  override,
  raiseLayers,
  removeFormat,
  removeLayers,
} from './commands';
import { limits, newLayerId } from './document';
import { carriedOver, done, redone, settled, started, undone } from './undo';

const base = documentOf([shape('a'), text('b'), text('c'), shape('d')]);
const ids = (document: typeof base) => document.layers.map(({ id }) => id).join('');

test('ids of layers are what the server takes', () => {
  for (let count = 0; count < 50; count++) expect(newLayerId()).toMatch(/^[A-Za-z0-9_-]{1,40}$/);
});

test('a change leaves the document it was made on as it was', () => {
  const before = structuredClone(base);
  const after = changeLayer(base, 'b', { text: 'new', box: undefined });
  expect(base).toEqual(before);
  expect(after.layers[1]).toMatchObject({ text: 'new' });
  expect(Object.keys(after.layers[1] ?? {})).not.toContain('box');
});

test('layers move to a place, and up and down together', () => {
  expect(ids(moveLayer(base, 'a', 2))).toBe('bcad');
  expect(ids(moveLayer(base, 'd', -5))).toBe('dabc');
  expect(moveLayer(base, 'a', 0)).toBe(base);
  expect(ids(raiseLayers(base, new Set(['a', 'b']), 1))).toBe('cabd');
  expect(ids(raiseLayers(base, new Set(['c', 'd']), 1))).toBe('abcd');
  expect(ids(raiseLayers(base, new Set(['c', 'd']), -1))).toBe('acdb');
});

test('copies lie above their originals and bring along what formats had for them', () => {
  const with1 = override(base, '1080x1080', new Map([['b', { x: 3 }]]));
  const { document, added } = duplicateLayers(with1, new Set(['b']));
  expect(document.layers.map(({ id }) => id)).toEqual(['a', 'b', added[0], 'c', 'd']);
  expect(document.overrides?.['1080x1080']).toEqual({ b: { x: 3 }, [added[0] ?? '']: { x: 3 } });
});

test('a document never has more layers or formats than the server takes', () => {
  const full = addLayers(
    base,
    Array.from({ length: 200 }, (_, index) => shape(`n${index}`)),
  );
  expect(full.layers).toHaveLength(limits.layers);
  expect(duplicateLayers(full, new Set(['a'])).added).toEqual([]);
  let document = base;
  for (let index = 0; index < 20; index++)
    document = addFormat(document, { name: `f${index}`, width: 100, height: 100 });
  expect(document.formats).toHaveLength(limits.formats);
  expect(addFormat(base, { name: '1080x1080', width: 1, height: 1 })).toBe(base);
});

test('what a format has differently goes with its layer, with its format, or when it is cleared', () => {
  const adjusted = override(
    base,
    '1080x1080',
    new Map([
      ['b', { x: 3 }],
      ['c', { hidden: true }],
    ]),
  );
  expect(removeLayers(adjusted, new Set(['b'])).overrides).toEqual({ '1080x1080': { c: { hidden: true } } });
  expect(removeLayers(adjusted, new Set(['b', 'c'])).overrides).toBeUndefined();
  expect(removeFormat(adjusted, '1080x1080').overrides).toBeUndefined();
  expect(clearOverrides(adjusted, '1080x1080', 'c').overrides).toEqual({ '1080x1080': { b: { x: 3 } } });
  expect(clearOverrides(adjusted, '1080x1080').overrides).toBeUndefined();
  expect(override(adjusted, '1080x1080', new Map([['b', { x: undefined }]])).overrides).toEqual({
    '1080x1080': { c: { hidden: true } },
  });
});

test('the last format stays', () => {
  const one = removeFormat(base, '1080x1080');
  expect(removeFormat(one, '1920x1080')).toBe(one);
});

const typed = (value: string) => changeLayer(base, 'b', { text: value });

test('what is done can be undone and done again', () => {
  let state = done(started(base), typed('one'), 'Edit', { now: 0 });
  state = done(state, typed('two'), 'Edit', { now: 1 });
  state = undone(state);
  expect(state.present).toEqual(typed('one'));
  expect(redone(state).present).toEqual(typed('two'));
  expect(undone(undone(undone(state))).present).toBe(base);
  expect(redone(redone(redone(state))).present).toEqual(typed('two'));
  expect(done(state, typed('three'), 'Edit', { now: 2 }).future).toEqual([]);
});

test('what belongs together is undone together: until a pause, another key, or the end of a drag', () => {
  const step = (state: ReturnType<typeof started>, value: string, now: number, key = 'text:b') =>
    done(state, typed(value), 'Edit', { key, now });
  const word = step(step(step(started(base), 'a', 0), 'ab', 500), 'abc', 1_400);
  expect(word.past).toHaveLength(1);
  expect(undone(word).present).toBe(base);
  expect(step(word, 'abcd', 2_500).past).toHaveLength(2);
  expect(step(word, 'abcd', 1_500, 'other').past).toHaveLength(2);
  expect(step(settled(word), 'abcd', 1_500).past).toHaveLength(2);
  expect(step(undone(word), 'x', 1_500).past).toHaveLength(1);
});

test('nothing done is no step, and steps are not kept without end', () => {
  expect(done(started(base), base, 'Edit', { now: 0 }).past).toEqual([]);
  let state = started(base);
  for (let count = 0; count < 500; count++)
    state = done(state, typed(String(count)), 'Edit', { now: count * 2_000 });
  expect(state.past.length).toBe(200);
});

test('undoing does not take back what was carried over', () => {
  const mine = done(started(base), typed('mine'), 'Edit', { now: 0 });
  const merged = carriedOver(mine, (document) => changeLayer(document, 'a', { fill: '#00ff00' }));
  expect(undone(merged).present).toEqual(changeLayer(base, 'a', { fill: '#00ff00' }));
});
