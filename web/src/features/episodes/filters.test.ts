import { describe, expect, it } from 'vitest';
import { anEpisode } from '@/test/episodes';
import { comparator, isFiltered, matches, parseFilters, toQuery } from './filters';

describe('filters in the address', () => {
  it('survive the way there and back', () => {
    const query = {
      q: 'lake',
      status: 'draft,published',
      season: '3',
      category: 'tree',
      from: '2026-01-01',
      deleted: 'true',
      sort: 'code',
    };
    expect(toQuery(parseFilters(query))).toEqual(query);
  });
  it('ignore what makes no sense', () => {
    expect(
      parseFilters({ status: 'nonsense', season: 'x', sort: 'password', from: 'yesterday', q: ' ' }),
    ).toEqual({ sort: '-updated_at' });
  });
  it('know whether they narrow anything', () => {
    expect(isFiltered({ sort: 'code' })).toBe(false);
    expect(isFiltered({ sort: 'code', deleted: true })).toBe(false);
    expect(isFiltered({ sort: 'code', season: 0 })).toBe(true);
  });
});

describe('matches', () => {
  const episode = anEpisode({
    title: 'Winter Mist',
    categories: ['lake'],
    season_number: 2,
    air_date: '1983-02-01',
  });
  it.each([
    [{}, true],
    [{ q: 'mist winter' }, true],
    [{ q: 'summer' }, false],
    [{ status: ['draft' as const] }, true],
    [{ status: ['published' as const] }, false],
    [{ season: 2, category: 'lake' }, true],
    [{ season: 3 }, false],
    [{ from: '1983-01-01', to: '1983-02-01' }, true],
    [{ from: '1983-02-02' }, false],
    [{ deleted: true as const }, false],
  ])('%o → %s', (filters, expected) => {
    expect(matches(episode, { sort: 'code', ...filters })).toBe(expected);
  });
});

describe('comparator', () => {
  const names = (sort: Parameters<typeof comparator>[0], episodes: ReturnType<typeof anEpisode>[]) =>
    [...episodes].sort(comparator(sort)).map(({ title }) => title);
  it('orders by season, then number', () => {
    const list = [
      anEpisode({ title: 'b', season_number: 2, episode_number: 1 }),
      anEpisode({ title: 'a', season_number: 1, episode_number: 9 }),
      anEpisode({ title: 'c', season_number: null, episode_number: 1 }),
    ];
    expect(names('code', list)).toEqual(['a', 'b', 'c']);
  });
  it('puts empty dates last in both directions', () => {
    const list = [
      anEpisode({ title: 'none' }),
      anEpisode({ title: 'early', air_date: '1983-01-01' }),
      anEpisode({ title: 'late', air_date: '1984-01-01' }),
    ];
    expect(names('air_date', list)).toEqual(['early', 'late', 'none']);
    expect(names('-air_date', list)).toEqual(['late', 'early', 'none']);
  });
  it('orders statuses as work goes on', () => {
    const list = [anEpisode({ title: 'p', status: 'published' }), anEpisode({ title: 'd' })];
    expect(names('status', list)).toEqual(['d', 'p']);
  });
});
