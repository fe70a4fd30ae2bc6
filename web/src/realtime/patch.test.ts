import { describe, expect, it } from 'vitest';
import type { Episode } from '@/api/types';
import { anEpisode, pagesOf } from '@/test/episodes';
import {
  find,
  patchList,
  patchRecord,
  remove,
  toPatch,
  type EpisodePatch,
  type EpisodePayload,
} from './patch';

const byCode = { sort: 'code' } as const;
const free = { hold: false };

function payload(episode: Episode, more: EpisodePayload = {}): EpisodePayload {
  return {
    id: 'event-1',
    timestamp: '2026-03-01T10:00:00.000Z',
    actor: { id: 'u2', name: 'Bob' },
    origin: 'another-tab',
    episode,
    episodeId: episode.id,
    title: episode.title,
    ...more,
  };
}

function patch(
  name: Parameters<typeof toPatch>[0],
  episode: Episode,
  more: EpisodePayload = {},
): EpisodePatch {
  const made = toPatch(name, payload(episode, more));
  if (!made) throw new Error('no patch');
  return made;
}

const titles = (pages: ReturnType<typeof pagesOf>) =>
  pages.pages.flatMap((page) => page.data.map(({ title }) => title));

describe('toPatch', () => {
  const episode = anEpisode({ id: 'a' });

  it('reads episode_created', () => {
    expect(patch('episode_created', episode)).toMatchObject({
      op: 'created',
      id: 'a',
      actor: { name: 'Bob' },
      origin: 'another-tab',
    });
  });
  it('reads episode_updated with its fields', () => {
    expect(patch('episode_updated', episode, { changedFields: ['title'] })).toMatchObject({
      op: 'updated',
      fields: ['title'],
    });
  });
  it.each(['episode_published', 'episode_archived'] as const)(
    'takes %s as an update of the record',
    (name) => {
      expect(patch(name, episode)).toMatchObject({ op: 'updated', episode });
    },
  );
  it('reads episode_restored', () => {
    expect(patch('episode_restored', episode)).toMatchObject({ op: 'restored' });
  });
  it('reads episode_deleted, which carries no record', () => {
    const soft = toPatch('episode_deleted', { episodeId: 'a', title: 'Pilot', deleteType: 'soft' });
    const hard = toPatch('episode_deleted', { episodeId: 'a', title: 'Pilot', deleteType: 'permanent' });
    expect(soft).toMatchObject({ op: 'deleted', permanent: false, episode: null, title: 'Pilot' });
    expect(hard).toMatchObject({ op: 'deleted', permanent: true });
  });
  it('makes nothing of a payload without a record', () => {
    expect(toPatch('episode_updated', { episodeId: 'a' })).toBeNull();
    expect(toPatch('episode_updated', {})).toBeNull();
  });
});

describe('patchRecord', () => {
  const now = anEpisode({ id: 'a', version: 3, title: 'Now' });

  it('takes a newer record', () => {
    expect(patchRecord(now, patch('episode_updated', { ...now, version: 4, title: 'Next' }))?.title).toBe(
      'Next',
    );
  });
  it('never puts an older record over a newer one, nor one of the same version', () => {
    expect(patchRecord(now, patch('episode_updated', { ...now, version: 2, title: 'Old' }))).toBe(now);
    expect(patchRecord(now, patch('episode_updated', { ...now, version: 3, title: 'Echo' }))).toBe(now);
  });
  it('marks a soft deletion and takes away a permanent one', () => {
    const soft = toPatch('episode_deleted', {
      episodeId: 'a',
      deleteType: 'soft',
      timestamp: '2026-03-01T10:00:00.000Z',
    });
    const hard = toPatch('episode_deleted', { episodeId: 'a', deleteType: 'permanent' });
    expect(soft && patchRecord(now, soft)?.deleted_at).toBe('2026-03-01T10:00:00.000Z');
    expect(hard && patchRecord(now, hard)).toBeUndefined();
  });
});

describe('patchList', () => {
  const one = anEpisode({ id: '1', title: 'One', season_number: 1, episode_number: 1, version: 1 });
  const three = anEpisode({ id: '3', title: 'Three', season_number: 1, episode_number: 3, version: 1 });
  const list = pagesOf([one, three]);

  it('replaces a row in place and leaves the input as it was', () => {
    const result = patchList(
      list,
      patch('episode_updated', { ...one, version: 2, title: 'Uno' }),
      byCode,
      free,
    );
    expect(result.outcome).toBe('updated');
    expect(titles(result.pages)).toEqual(['Uno', 'Three']);
    expect(titles(list)).toEqual(['One', 'Three']);
  });
  it('changes nothing, not even the identity, for an old version', () => {
    const result = patchList(
      list,
      patch('episode_updated', { ...one, version: 1, title: 'Uno' }),
      byCode,
      free,
    );
    expect(result).toEqual({ pages: list, outcome: 'none' });
    expect(result.pages).toBe(list);
  });
  it('keeps a row that no longer matches where it is', () => {
    const drafts = { sort: 'code', status: ['draft'] } as const;
    const changed = patch('episode_updated', { ...one, version: 2, status: 'published' });
    expect(patchList(list, changed, { ...drafts, status: ['draft'] }, free).outcome).toBe('updated');
  });
  it('inserts a new row at its place in the order and counts it', () => {
    const two = anEpisode({ id: '2', title: 'Two', season_number: 1, episode_number: 2 });
    const result = patchList(list, patch('episode_created', two), byCode, free);
    expect(result.outcome).toBe('inserted');
    expect(titles(result.pages)).toEqual(['One', 'Two', 'Three']);
    expect(result.pages.pages[0]?.pagination.total).toBe(3);
  });
  it('holds a new row back when rows must not move', () => {
    const two = anEpisode({ id: '2', season_number: 1, episode_number: 2 });
    const result = patchList(list, patch('episode_created', two), byCode, { hold: true });
    expect(result).toEqual({ pages: list, outcome: 'held' });
  });
  it('only counts a new row that belongs below what has been loaded', () => {
    const more = pagesOf([one, three], { next: 'c2', total: 50 });
    const last = anEpisode({ id: '9', season_number: 9, episode_number: 9 });
    const result = patchList(more, patch('episode_created', last), byCode, free);
    expect(result.outcome).toBe('beyond');
    expect(titles(result.pages)).toEqual(['One', 'Three']);
    expect(result.pages.pages[0]?.pagination.total).toBe(51);
  });
  it('does not take in what the filters leave out', () => {
    const other = anEpisode({ id: '2', status: 'archived' });
    expect(
      patchList(list, patch('episode_created', other), { sort: 'code', status: ['draft'] }, free).outcome,
    ).toBe('none');
  });
  it('takes in a changed record that now belongs among what is loaded', () => {
    const two = anEpisode({ id: '2', title: 'Two', season_number: 1, episode_number: 2, version: 5 });
    const result = patchList(list, patch('episode_updated', two), byCode, free);
    expect(result.outcome).toBe('inserted');
    expect(titles(result.pages)).toEqual(['One', 'Two', 'Three']);
    const more = pagesOf([one, three], { next: 'c2', total: 50 });
    const last = anEpisode({ id: '9', season_number: 9, episode_number: 9 });
    expect(patchList(more, patch('episode_updated', last), byCode, free)).toEqual({
      pages: more,
      outcome: 'none',
    });
  });
  it('does not insert the same record twice', () => {
    expect(patchList(list, patch('episode_created', one), byCode, free).outcome).toBe('none');
  });
  it('lets a deleted row leave, and the bin keep it', () => {
    const deleted = patch('episode_deleted', one, { deleteType: 'soft', episode: undefined });
    expect(patchList(list, deleted, byCode, free).outcome).toBe('leaving');
    const bin = pagesOf([{ ...one, deleted_at: '2026-01-01T00:00:00.000Z' }]);
    expect(patchList(bin, deleted, { sort: 'code', deleted: true }, free).outcome).toBe('none');
  });
  it('lets a permanently deleted row leave the bin as well', () => {
    const bin = pagesOf([{ ...one, deleted_at: '2026-01-01T00:00:00.000Z' }]);
    const gone = patch('episode_deleted', one, { deleteType: 'permanent', episode: undefined });
    expect(patchList(bin, gone, { sort: 'code', deleted: true }, free).outcome).toBe('leaving');
  });
  it('moves a restored row from the bin to the list', () => {
    const bin = pagesOf([{ ...one, deleted_at: '2026-01-01T00:00:00.000Z' }]);
    const restored = patch('episode_restored', { ...one, version: 3 });
    expect(patchList(bin, restored, { sort: 'code', deleted: true }, free).outcome).toBe('leaving');
    expect(patchList(pagesOf([three]), restored, byCode, free).outcome).toBe('inserted');
  });
});

describe('remove', () => {
  it('takes the row out and counts it off', () => {
    const list = pagesOf([anEpisode({ id: 'a' }), anEpisode({ id: 'b' })]);
    const without = remove(list, 'a');
    expect(find(without, 'a')).toBeUndefined();
    expect(without.pages[0]?.pagination.total).toBe(1);
    expect(remove(list, 'nobody')).toBe(list);
  });
});
