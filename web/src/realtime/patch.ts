import type { InfiniteData } from '@tanstack/vue-query';
import type { Episode, Page } from '@/api/types';
import { comparator, matches, type EpisodeFilters } from '@/features/episodes/filters';

/**
 * What an event of the server does to the records in the cache. Everything here is pure: the same cache and the same
 * event give the same cache, an event that is not newer changes nothing, and nothing is changed in place.
 */

export const episodeEvents = [
  'episode_created',
  'episode_updated',
  'episode_published',
  'episode_archived',
  'episode_deleted',
  'episode_restored',
] as const;
export type EpisodeEventName = (typeof episodeEvents)[number];

/** The payload as it arrives. Fields may be missing, so nothing is taken on trust. */
export interface EpisodePayload {
  id?: string;
  timestamp?: string;
  actor?: { id: string; name: string } | null;
  origin?: string | null;
  episode?: Episode | null;
  episodeId?: string;
  title?: string;
  changedFields?: string[];
  deleteType?: 'soft' | 'permanent';
  /** Of a deletion, which carries no record. */
  version?: number;
}

interface PatchBase {
  id: string;
  title: string;
  actor: { id: string; name: string } | null;
  origin: string | null;
  at: string;
}
export type EpisodePatch = PatchBase &
  (
    | { op: 'created' | 'updated' | 'restored'; episode: Episode; fields: readonly string[] }
    | { op: 'deleted'; permanent: boolean; version: number | null; episode: null }
  );

/** Null for an event that says nothing about a record we could know. */
export function toPatch(name: EpisodeEventName, payload: EpisodePayload): EpisodePatch | null {
  const id = payload.episodeId ?? payload.episode?.id;
  if (!id) return null;
  const common: PatchBase = {
    id,
    title: payload.title ?? payload.episode?.title ?? '',
    actor: payload.actor ?? null,
    origin: payload.origin ?? null,
    at: payload.timestamp ?? new Date().toISOString(),
  };
  if (name === 'episode_deleted')
    return {
      ...common,
      op: 'deleted',
      permanent: payload.deleteType === 'permanent',
      version: payload.version ?? null,
      episode: null,
    };
  if (!payload.episode) return null;
  const op = name === 'episode_created' ? 'created' : name === 'episode_restored' ? 'restored' : 'updated';
  return { ...common, op, episode: payload.episode, fields: payload.changedFields ?? [] };
}

/** Newer wins; the older object stays the very same one when it is not beaten. */
export const newer = (current: Episode, incoming: Episode): Episode =>
  incoming.version > current.version ? incoming : current;

/** The record of a detail page after the patch; undefined when it is gone for good. */
export function patchRecord(current: Episode, patch: EpisodePatch): Episode | undefined {
  if (patch.op !== 'deleted') return newer(current, patch.episode);
  if (isPast(current, patch)) return current;
  return patch.permanent ? undefined : buried(current, patch);
}

export type EpisodePages = InfiniteData<Page<Episode>, string | null>;

/**
 * `updated`, `inserted` and `removed` say what happened to the list. `held` is a new row that belongs in the part
 * already loaded but that the caller asked to keep back, because rows must not move under the pointer. `leaving` is a
 * row that has been deleted; it stays until the caller drops it. `beyond` is a new row further down than was loaded.
 */
export type ListOutcome = 'none' | 'updated' | 'inserted' | 'held' | 'leaving' | 'beyond';

export interface ListPatch {
  pages: EpisodePages;
  outcome: ListOutcome;
}

export function patchList(
  pages: EpisodePages,
  patch: EpisodePatch,
  filters: EpisodeFilters,
  options: { hold: boolean },
): ListPatch {
  const present = find(pages, patch.id);
  const episode = recordOf(patch, present);
  const belongs = episode !== null && matches(episode, filters);
  if (present) return patchPresent(pages, present, patch, episode, filters);
  if (!belongs) return { pages, outcome: 'none' };
  // A changed record may be new to this list, or may have been in it further down than was loaded: if its place is
  // within what is loaded it is shown either way, but only the server knows whether there is one more now.
  const more = patch.op === 'updated' ? 0 : 1;
  const place = placeOf(pages, episode, filters);
  if (place === null) return { pages: addTotal(pages, more), outcome: more ? 'beyond' : 'none' };
  if (options.hold) return { pages, outcome: 'held' };
  return { pages: addTotal(insert(pages, episode, place), more), outcome: 'inserted' };
}

function patchPresent(
  pages: EpisodePages,
  present: Episode,
  patch: EpisodePatch,
  episode: Episode | null,
  filters: EpisodeFilters,
): ListPatch {
  if (patch.op === 'deleted' && isPast(present, patch)) return { pages, outcome: 'none' };
  const gone =
    patch.op === 'deleted' ? patch.permanent || !filters.deleted : patch.op === 'restored' && filters.deleted;
  if (gone) return { pages, outcome: 'leaving' };
  if (!episode || episode.version <= present.version) return { pages, outcome: 'none' };
  return { pages: replace(pages, episode), outcome: 'updated' };
}

type Deletion = Extract<EpisodePatch, { op: 'deleted' }>;

/** A deletion that has been undone since: the record is already past it. */
const isPast = (current: Episode, { version }: Deletion): boolean =>
  version !== null &&
  (version < current.version || (version === current.version && current.deleted_at !== null));

const buried = (current: Episode, { version, at }: Deletion): Episode => ({
  ...current,
  version: version ?? current.version,
  deleted_at: current.deleted_at ?? at,
});

/** The record after the patch, also where the event of a deletion carries none. */
function recordOf(patch: EpisodePatch, present: Episode | undefined): Episode | null {
  if (patch.op !== 'deleted') return patch.episode;
  return present && !patch.permanent ? buried(present, patch) : null;
}

export function find(pages: EpisodePages, id: string): Episode | undefined {
  for (const page of pages.pages) {
    const found = page.data.find((episode) => episode.id === id);
    if (found) return found;
  }
  return undefined;
}

/** The pages with this record in place of an older one of the same id. */
export function replace(pages: EpisodePages, episode: Episode): EpisodePages {
  return mapPage(pages, episode.id, (data) => data.map((each) => (each.id === episode.id ? episode : each)));
}

export function remove(pages: EpisodePages, id: string): EpisodePages {
  const without = mapPage(pages, id, (data) => data.filter((each) => each.id !== id));
  return without === pages ? pages : addTotal(without, -1);
}

function mapPage(pages: EpisodePages, id: string, change: (data: Episode[]) => Episode[]): EpisodePages {
  const index = pages.pages.findIndex((page) => page.data.some((episode) => episode.id === id));
  if (index < 0) return pages;
  return {
    ...pages,
    pages: pages.pages.map((page, at) => (at === index ? { ...page, data: change(page.data) } : page)),
  };
}

/** Where a new record goes; null when that is further down than anything loaded. */
function placeOf(
  pages: EpisodePages,
  episode: Episode,
  filters: EpisodeFilters,
): { page: number; row: number } | null {
  const compare = comparator(filters.sort);
  for (const [page, { data }] of pages.pages.entries()) {
    const row = data.findIndex((each) => compare(episode, each) < 0);
    if (row >= 0) return { page, row };
  }
  const last = pages.pages.length - 1;
  const lastPage = pages.pages[last];
  if (!lastPage || lastPage.pagination.next_cursor) return null;
  return { page: last, row: lastPage.data.length };
}

function insert(pages: EpisodePages, episode: Episode, place: { page: number; row: number }): EpisodePages {
  return {
    ...pages,
    pages: pages.pages.map((page, index) =>
      index === place.page ? { ...page, data: page.data.toSpliced(place.row, 0, episode) } : page,
    ),
  };
}

function addTotal(pages: EpisodePages, change: number): EpisodePages {
  if (change === 0) return pages;
  return {
    ...pages,
    pages: pages.pages.map((page) =>
      page.pagination.total === undefined
        ? page
        : { ...page, pagination: { ...page.pagination, total: Math.max(0, page.pagination.total + change) } },
    ),
  };
}
