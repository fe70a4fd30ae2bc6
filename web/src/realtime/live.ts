import type { QueryClient } from '@tanstack/vue-query';
import { reactive, ref, shallowReactive } from 'vue';
import { keys } from '@/api/keys';
import type { Episode } from '@/api/types';
import type { EpisodeFilters } from '@/features/episodes/filters';
import { clientId } from '@/lib/client-id';
import { newer, patchList, patchRecord, remove, type EpisodePages, type EpisodePatch } from './patch';

/** What a row says about itself for a while after something happened to it. */
export interface RowTag {
  kind: 'created' | 'restored' | 'deleted';
  by: string;
}

const createdTagTime = 10_000;
const deletedTagTime = 5_000;
const flashTime = 1_300;
const settleTime = 250;
const memory = 2_000;

export const rowTags = shallowReactive(new Map<string, RowTag>());

/** Rows that somebody else has just changed. */
export const flashes = shallowReactive(new Set<string>());

/** The list on the screen says here whether its rows may move, and learns which were kept back. */
export const heldBack = reactive({ hold: false, rows: new Map<string, 'new' | 'changed'>() });

/** Counts up with every event, for what is cheaper to ask again than to patch. */
export const eventCount = ref(0);

const listeners = new Set<(patch: EpisodePatch) => void>();

export function onEpisodePatch(listener: (patch: EpisodePatch) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The newest record of each episode that an event has brought, to correct answers that were read before it. */
const latest = new Map<string, Episode>();

function remember(episode: Episode): void {
  const known = latest.get(episode.id);
  if (known && known.version >= episode.version) return;
  latest.delete(episode.id);
  latest.set(episode.id, episode);
  const oldest = latest.keys().next();
  if (latest.size > memory && !oldest.done) latest.delete(oldest.value);
}

/** The record itself, or the newer one an event brought while the request was under way. */
export function freshest(episode: Episode): Episode {
  const known = latest.get(episode.id);
  return known ? newer(episode, known) : episode;
}

export function applyPatches(client: QueryClient, patches: EpisodePatch[]): void {
  for (const patch of patches) {
    if (patch.episode) remember(patch.episode);
    eventCount.value++;
  }
  patchLists(client, patches);
  for (const patch of patches) {
    client.setQueryData<Episode>(keys.episode(patch.id), (current) =>
      current ? (patchRecord(current, patch) ?? { ...current, deleted_at: patch.at }) : current,
    );
    for (const listener of listeners) listener(patch);
    refetchSoon(client, keys.episodeHistory(patch.id));
    refetchSoon(client, keys.activityOf('episode', patch.id));
  }
  refetchSoon(client, keys.episodeFacets);
}

function patchLists(client: QueryClient, patches: EpisodePatch[]): void {
  for (const query of client.getQueryCache().findAll({ queryKey: keys.episodeLists })) {
    const filters = query.queryKey[2] as EpisodeFilters;
    let pages = query.state.data as EpisodePages | undefined;
    if (!pages) {
      if (query.state.fetchStatus === 'fetching') refetchSoon(client, query.queryKey);
      continue;
    }
    const before = pages;
    for (const patch of patches) {
      const own = patch.origin === clientId;
      const result = patchList(pages, patch, filters, { hold: heldBack.hold && query.isActive() && !own });
      pages = result.pages;
      if (result.outcome === 'held') holdBack(patch);
      if (result.outcome === 'inserted') announce(patch);
      if (result.outcome === 'updated' && !own) flash(patch.id);
      if (result.outcome === 'leaving') pages = own ? remove(pages, patch.id) : leave(client, pages, patch);
      if (query.state.fetchStatus === 'fetching' && patch.op !== 'updated')
        refetchSoon(client, query.queryKey);
    }
    if (pages !== before) client.setQueryData(query.queryKey, pages);
  }
}

function announce(patch: EpisodePatch): void {
  if (patch.op === 'deleted') return;
  if (patch.op === 'updated') return flash(patch.id);
  tagRow(patch.id, { kind: patch.op, by: nameOf(patch) }, createdTagTime);
}

function holdBack({ id, op }: EpisodePatch): void {
  if (heldBack.rows.get(id) !== 'new') heldBack.rows.set(id, op === 'updated' ? 'changed' : 'new');
}

function flash(id: string): void {
  if (flashes.has(id)) return;
  flashes.add(id);
  setTimeout(() => flashes.delete(id), flashTime);
}

/** A deleted row stays, marked, long enough to be understood. */
function leave(client: QueryClient, pages: EpisodePages, patch: EpisodePatch): EpisodePages {
  tagRow(
    patch.id,
    { kind: patch.op === 'restored' ? 'restored' : 'deleted', by: nameOf(patch) },
    deletedTagTime,
    () => dropRow(client, patch.id, patch.op === 'restored'),
  );
  return pages;
}

function tagRow(id: string, tag: RowTag, time: number, then?: () => void): void {
  rowTags.set(id, tag);
  setTimeout(() => {
    if (rowTags.get(id) !== tag) return;
    rowTags.delete(id);
    then?.();
  }, time);
}

/** Takes a row out of every list it no longer belongs to. */
export function dropRow(client: QueryClient, id: string, fromBin: boolean): void {
  for (const query of client.getQueryCache().findAll({ queryKey: keys.episodeLists })) {
    const { deleted } = query.queryKey[2] as EpisodeFilters;
    if (Boolean(deleted) !== fromBin || !query.state.data) continue;
    client.setQueryData<EpisodePages>(query.queryKey, (pages) => pages && remove(pages, id));
  }
}

const nameOf = (patch: EpisodePatch): string =>
  patch.origin === clientId ? 'you' : (patch.actor?.name ?? 'the system');

const waiting = new Map<string, ReturnType<typeof setTimeout>>();

/** Asks again in a moment; a burst of events costs one request. */
export function refetchSoon(client: QueryClient, queryKey: readonly unknown[], wait = settleTime): void {
  const name = JSON.stringify(queryKey);
  if (waiting.has(name)) return;
  const run = () => {
    waiting.delete(name);
    void client.invalidateQueries({ queryKey });
  };
  waiting.set(name, setTimeout(run, wait));
}
