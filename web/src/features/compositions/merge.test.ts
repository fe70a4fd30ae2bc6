import { expect, test } from 'vitest';
import { documentOf, shape, text } from '@/test/compositions';
import { changeLayer, moveLayer, override, removeFormat, removeLayers } from './commands';
import { combine, differences, merge, resolve } from './merge';

const base = documentOf([shape('back'), text('title'), text('credit')]);
const ids = (document: typeof base) => document.layers.map(({ id }) => id);

test('different layers, and different members of one, go together', () => {
  const mine = changeLayer(changeLayer(base, 'title', { x: 5, y: 6 }), 'credit', { text: 'mine' });
  const theirs = changeLayer(changeLayer(base, 'title', { color: '#00ff00' }), 'back', { fill: '#0000ff' });
  const { document, taken, conflicts } = merge(base, mine, theirs);
  expect(conflicts).toEqual([]);
  expect(document).toEqual(
    changeLayer(
      changeLayer(changeLayer(base, 'title', { x: 5, y: 6, color: '#00ff00' }), 'credit', { text: 'mine' }),
      'back',
      { fill: '#0000ff' },
    ),
  );
  expect(taken.sort()).toEqual(['back: Fill', 'title: Colour']);
});

test('the same member changed differently is a conflict that keeps mine; changed alike it is none', () => {
  const mine = changeLayer(base, 'title', { text: 'A', size: 50 });
  const theirs = changeLayer(base, 'title', { text: 'B', size: 50 });
  const { document, conflicts } = merge(base, mine, theirs);
  expect(conflicts).toEqual([{ key: 'layer/title/text', label: 'title: Text', mine: 'A', theirs: 'B' }]);
  expect(document).toEqual(mine);
  expect(resolve(document, theirs, conflicts, { 'layer/title/text': 'theirs' })).toEqual(theirs);
  expect(resolve(document, theirs, conflicts, { 'layer/title/text': 'mine' })).toEqual(mine);
});

test('a position is one thing: two people moving one layer is one conflict', () => {
  const mine = changeLayer(base, 'title', { x: 1 });
  const theirs = changeLayer(base, 'title', { y: 2 });
  const { conflicts } = merge(base, mine, theirs);
  expect(conflicts.map(({ label }) => label)).toEqual(['title: Position']);
  expect(resolve(mine, theirs, conflicts, { 'layer/title/Position': 'theirs' })).toEqual(theirs);
});

test('layers that came on both sides are all there, each above what it lay on', () => {
  const mine = { ...base, layers: [...base.layers, text('mine')] };
  const theirs = { ...base, layers: base.layers.toSpliced(1, 0, shape('theirs')) };
  const merged = merge(base, mine, theirs);
  expect(ids(merged.document)).toEqual(['back', 'theirs', 'title', 'credit', 'mine']);
  expect(merged.taken).toEqual(['theirs']);
});

test('a layer deleted there goes if it was not touched here', () => {
  const mine = changeLayer(base, 'back', { fill: '#123456' });
  const theirs = removeLayers(base, new Set(['title']));
  const merged = merge(base, mine, theirs);
  expect(merged.conflicts).toEqual([]);
  expect(ids(merged.document)).toEqual(['back', 'credit']);
});

test('a layer deleted on one side and changed on the other is asked about as a whole', () => {
  const changed = changeLayer(base, 'title', { text: 'Changed' });
  const deleted = removeLayers(base, new Set(['title']));

  const kept = merge(base, changed, deleted);
  expect(kept.conflicts).toMatchObject([{ key: 'layer/title', label: 'title', theirs: undefined }]);
  expect(kept.document).toEqual(changed);
  expect(resolve(kept.document, deleted, kept.conflicts, { 'layer/title': 'theirs' })).toEqual(deleted);

  const gone = merge(base, deleted, changed);
  expect(gone.conflicts).toMatchObject([{ key: 'layer/title', mine: undefined }]);
  expect(gone.document).toEqual(deleted);
  expect(resolve(gone.document, changed, gone.conflicts, { 'layer/title': 'theirs' })).toEqual(changed);
});

test('the order of whoever changed it counts', () => {
  const theirs = moveLayer(base, 'credit', 0);
  expect(ids(merge(base, changeLayer(base, 'title', { x: 9 }), theirs).document)).toEqual(ids(theirs));
  const mine = moveLayer(base, 'back', 2);
  expect(ids(merge(base, mine, base).document)).toEqual(ids(mine));
});

test('formats and what is different in them merge as well; those of a format that is gone go with it', () => {
  const mine = override(base, '1080x1080', new Map([['title', { x: 1 }]]));
  const theirs = override(base, '1080x1080', new Map([['title', { size: 9 }]]));
  expect(merge(base, mine, theirs).document.overrides).toEqual({ '1080x1080': { title: { x: 1, size: 9 } } });
  const without = merge(base, mine, removeFormat(base, '1080x1080')).document;
  expect(without.formats.map(({ name }) => name)).toEqual(['1920x1080']);
  expect(without.overrides).toBeUndefined();
});

test('conflicts that wait take the newest value of the other side, and end when both agree', () => {
  const mine = changeLayer(base, 'title', { text: 'Mine' });
  const first = changeLayer(base, 'title', { text: 'First' });
  const second = changeLayer(first, 'title', { text: 'Second' });
  const { conflicts } = merge(base, mine, first);
  const again = merge(first, mine, second);
  expect(combine(conflicts, again.conflicts, again.document, second)).toMatchObject([{ theirs: 'Second' }]);
  expect(combine(conflicts, [], mine, mine)).toEqual([]);
});

test('nothing changed, nothing merged', () => {
  expect(merge(base, base, base)).toEqual({ document: base, taken: [], conflicts: [] });
});

test('differences name what changed, and say of a new layer only that it is new', () => {
  const after = moveLayer(
    changeLayer({ ...base, layers: [...base.layers, text('new')] }, 'title', { text: 'Other' }),
    'back',
    1,
  );
  expect(differences(base, after).map(({ label }) => label)).toEqual([
    'title: Text',
    'new',
    'Order of the layers',
  ]);
});
