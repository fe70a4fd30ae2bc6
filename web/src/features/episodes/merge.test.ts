import { describe, expect, it } from 'vitest';
import { anEpisode } from '@/test/episodes';
import { changedFields, difference, toDraft, validate } from './draft';
import { combine, rebase, resolve } from './merge';

const base = toDraft(anEpisode({ title: 'Pilot', description: 'Once', categories: ['tree', 'lake'] }));

describe('rebase', () => {
  it('takes what only the other changed', () => {
    const result = rebase(base, { ...base, title: 'Mine' }, { ...base, description: 'Theirs' });
    expect(result.draft).toMatchObject({ title: 'Mine', description: 'Theirs' });
    expect(result.merged).toEqual(['description']);
    expect(result.conflicts).toEqual([]);
  });
  it('keeps mine and reports a field both changed differently', () => {
    const result = rebase(base, { ...base, title: 'Mine' }, { ...base, title: 'Theirs' });
    expect(result.draft.title).toBe('Mine');
    expect(result.conflicts).toEqual([{ field: 'title', mine: 'Mine', theirs: 'Theirs' }]);
  });
  it('agrees where both changed alike', () => {
    const result = rebase(base, { ...base, title: 'Same' }, { ...base, title: 'Same' });
    expect(result).toMatchObject({ merged: [], conflicts: [] });
  });
  it('compares lists by what is in them', () => {
    const result = rebase(base, { ...base, categories: ['tree', 'lake'] }, { ...base, categories: ['tree'] });
    expect(result.draft.categories).toEqual(['tree']);
    expect(result.conflicts).toEqual([]);
  });
  it('leaves its inputs alone', () => {
    const draft = { ...base };
    rebase(base, draft, { ...base, title: 'Theirs' });
    expect(draft.title).toBe('Pilot');
  });
});

describe('resolve', () => {
  const conflicts = [
    { field: 'title', mine: 'Mine', theirs: 'Theirs' },
    { field: 'description', mine: 'My text', theirs: 'Their text' },
  ] as const;
  it('takes theirs only where it was chosen', () => {
    const draft = { ...base, title: 'Mine', description: 'My text' };
    expect(resolve(draft, conflicts, { title: 'theirs', description: 'mine' })).toMatchObject({
      title: 'Theirs',
      description: 'My text',
    });
  });
});

describe('combine', () => {
  it('keeps an open conflict with the newest value and drops one that has been agreed', () => {
    const earlier = [
      { field: 'title', mine: 'Mine', theirs: 'Old' },
      { field: 'description', mine: 'Same', theirs: 'Other' },
    ] as const;
    const draft = { ...base, title: 'Mine', description: 'Same' };
    const theirs = { ...base, title: 'Newest', description: 'Same' };
    expect(combine(earlier, [], draft, theirs)).toEqual([{ field: 'title', mine: 'Mine', theirs: 'Newest' }]);
  });
});

describe('drafts', () => {
  it('sends only what differs', () => {
    expect(difference(base, { ...base, title: 'New', air_date: '2026-05-01' })).toEqual({
      title: 'New',
      air_date: '2026-05-01',
    });
    expect(changedFields(base, { ...base })).toEqual([]);
  });
  it('says what is missing or wrong', () => {
    expect(validate({ ...base, title: ' ', episode_number: null })).toEqual({
      title: 'Give the episode a title.',
      episode_number: 'Give the episode a number.',
    });
    expect(validate({ ...base, season_number: Number.NaN, episode_number: 1.5 })).toEqual({
      season_number: 'A whole number, zero or more.',
      episode_number: 'A whole number, zero or more.',
    });
    expect(validate({ ...base, season_number: null })).toEqual({});
  });
});
