import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/vue-query';
import { computed, toValue, type MaybeRefOrGetter } from 'vue';
import { api, body, record } from '@/api/client';
import { keys } from '@/api/keys';
import type { Episode, Page } from '@/api/types';
import { freshest } from '@/realtime/live';
import { toParameters, type EpisodeFilters } from './filters';

const firstPage = 50; // enough for any screen, and a smaller first answer
const nextPages = 100;

async function fetchPage(
  filters: EpisodeFilters,
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page<Episode>> {
  const query = {
    ...toParameters(filters),
    sort: filters.sort,
    limit: cursor === null ? firstPage : nextPages,
    cursor: cursor ?? undefined,
    count: cursor === null ? true : undefined,
  };
  const page = await body(api.GET('/episodes', { params: { query }, signal }));
  return { ...page, data: page.data.map(freshest) };
}

export function useEpisodeList(filters: MaybeRefOrGetter<EpisodeFilters>) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.episodeList(toValue(filters))),
    queryFn: ({ pageParam, signal }) => fetchPage(toValue(filters), pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page<Episode>) => page.pagination.next_cursor,
    placeholderData: keepPreviousData,
    shallow: true,
  });
}

export function useFacets(filters: MaybeRefOrGetter<EpisodeFilters>) {
  return useQuery({
    // The order of the list does not change what is counted.
    queryKey: computed(() => keys.facetsOf({ ...toValue(filters), sort: 'code' })),
    queryFn: ({ signal }) =>
      record(api.GET('/episodes/facets', { params: { query: toParameters(toValue(filters)) }, signal })),
    placeholderData: keepPreviousData,
    shallow: true,
  });
}

export function useEpisode(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.episode(toValue(id))),
    queryFn: async ({ signal }) =>
      freshest(
        await record(
          api.GET('/episodes/{id}', {
            params: { path: { id: toValue(id) }, query: { deleted: true } },
            signal,
          }),
        ),
      ),
    shallow: true,
  });
}

export function useHistory(id: MaybeRefOrGetter<string>) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.episodeHistory(toValue(id))),
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET('/episodes/{id}/history', {
          params: { path: { id: toValue(id) }, query: { limit: 50, cursor: pageParam ?? undefined } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.pagination.next_cursor,
    shallow: true,
  });
}
