import type { Episode } from '@/api/types';
import type { EpisodePages } from '@/realtime/patch';

/** An episode for tests; only what a test is about needs to be said. */
export const anEpisode = (values: Partial<Episode> = {}): Episode => ({
  id: 'e1',
  show_id: 's1',
  season_number: 1,
  episode_number: 1,
  title: 'Pilot',
  description: '',
  air_date: null,
  categories: [],
  status: 'draft',
  metadata: {},
  version: 1,
  created_at: '2026-01-01T00:00:00.000Z',
  created_by: 'u1',
  updated_at: '2026-01-01T00:00:00.000Z',
  updated_by: 'u1',
  deleted_at: null,
  ...values,
});

export const pagesOf = (episodes: Episode[], more: { next?: string; total?: number } = {}): EpisodePages => ({
  pages: [
    {
      data: episodes,
      pagination: { limit: 50, next_cursor: more.next ?? null, total: more.total ?? episodes.length },
    },
  ],
  pageParams: [null],
});
