import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anEpisode } from '@/test/episodes';
import type { EpisodePatch } from './patch';
import { coalesce, PatchQueue, patchLimit } from './queue';

const base = { title: 'Pilot', actor: null, origin: null, at: '2026-01-01T00:00:00.000Z' };
const changed = (
  id: string,
  version: number,
  fields: string[] = [],
  op: 'created' | 'updated' = 'updated',
): EpisodePatch => ({
  ...base,
  id,
  op,
  fields,
  episode: anEpisode({ id, version }),
});
const deleted = (id: string): EpisodePatch => ({
  ...base,
  id,
  op: 'deleted',
  permanent: false,
  version: null,
  episode: null,
});

describe('coalesce', () => {
  it('joins updates: the newer record, the fields of both', () => {
    expect(coalesce(changed('a', 2, ['title']), changed('a', 3, ['status']))).toMatchObject({
      op: 'updated',
      episode: { version: 3 },
      fields: ['title', 'status'],
    });
  });
  it('keeps what was created created', () => {
    expect(coalesce(changed('a', 1, [], 'created'), changed('a', 2))).toMatchObject({
      op: 'created',
      episode: { version: 2 },
    });
  });
  it('keeps the newer record when events come out of order', () => {
    expect(coalesce(changed('a', 5), changed('a', 4))).toMatchObject({ episode: { version: 5 } });
  });
  it('never joins anything with a deletion', () => {
    expect(coalesce(deleted('a'), changed('a', 2))).toBeNull();
    expect(coalesce(changed('a', 2), deleted('a'))).toBeNull();
  });
});

describe('PatchQueue', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('hands everything of one frame on at once', () => {
    const apply = vi.fn();
    const queue = new PatchQueue({ apply, overflow: vi.fn(), coalesce });
    queue.push(changed('a', 2));
    queue.push(changed('b', 2));
    queue.push(changed('a', 3));
    expect(apply).not.toHaveBeenCalled();
    vi.runAllTimers();
    expect(apply).toHaveBeenCalledTimes(1);
    expect(apply.mock.calls[0]?.[0]).toMatchObject([{ id: 'a', episode: { version: 3 } }, { id: 'b' }]);
  });
  it('keeps the order around a deletion', () => {
    const apply = vi.fn();
    const queue = new PatchQueue({ apply, overflow: vi.fn(), coalesce });
    for (const patch of [changed('a', 2), deleted('a'), changed('a', 4)]) queue.push(patch);
    queue.flush();
    expect(apply.mock.calls[0]?.[0].map(({ op }: EpisodePatch) => op)).toEqual([
      'updated',
      'deleted',
      'updated',
    ]);
  });
  it('asks again instead of patching when there is too much', () => {
    const apply = vi.fn();
    const overflow = vi.fn();
    const queue = new PatchQueue({ apply, overflow, coalesce });
    for (let n = 0; n <= patchLimit; n++) queue.push(changed(`e${n}`, 2));
    queue.flush();
    expect(apply).not.toHaveBeenCalled();
    expect(overflow).toHaveBeenCalledTimes(1);
  });
});
