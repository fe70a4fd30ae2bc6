import { useInfiniteQuery, useQuery } from '@tanstack/vue-query';
import { computed, toValue, type MaybeRefOrGetter } from 'vue';
import { keys } from '@/api/keys';
import { networkProblem, toProblem } from '@/api/problem';
import {
  getComposition,
  getTemplate,
  getVersion,
  listCompositions,
  listImages,
  listRenders,
  listTemplates,
  listVersions,
  type CompositionVersion,
} from './server';
import type { Page } from '@/api/types';
import type { Metrics } from './text';

const forGood = Number.POSITIVE_INFINITY;

export function useCompositions(episodeId: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.compositionsOf(toValue(episodeId))),
    queryFn: ({ signal }) => listCompositions(toValue(episodeId), signal),
    shallow: true,
  });
}

export function useComposition(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.composition(toValue(id))),
    queryFn: ({ signal }) => getComposition(toValue(id), signal),
    shallow: true,
  });
}

export function useVersions(id: MaybeRefOrGetter<string>) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.compositionVersions(toValue(id))),
    queryFn: ({ pageParam, signal }) => listVersions(toValue(id), pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page<CompositionVersion>) => page.pagination.next_cursor,
    shallow: true,
  });
}

/** A version never changes. */
export function useVersion(id: MaybeRefOrGetter<string>, version: MaybeRefOrGetter<number | null>) {
  return useQuery({
    queryKey: computed(() => keys.compositionVersion(toValue(id), toValue(version) ?? 0)),
    queryFn: ({ signal }) => getVersion(toValue(id), toValue(version) ?? 0, signal),
    enabled: () => toValue(version) !== null,
    staleTime: forGood,
    shallow: true,
  });
}

export function useTemplates(enabled: MaybeRefOrGetter<boolean> = true) {
  return useQuery({
    queryKey: keys.compositionTemplates,
    queryFn: ({ signal }) => listTemplates(signal),
    enabled: () => toValue(enabled),
    shallow: true,
  });
}

export function useTemplate(id: MaybeRefOrGetter<string>, enabled: MaybeRefOrGetter<boolean>) {
  return useQuery({
    queryKey: computed(() => keys.compositionTemplate(toValue(id))),
    queryFn: ({ signal }) => getTemplate(toValue(id), signal),
    enabled: () => toValue(enabled),
    staleTime: 10 * 60_000,
    shallow: true,
  });
}

/** What it was rendered to. */
export function useRenders(id: MaybeRefOrGetter<string>, enabled: MaybeRefOrGetter<boolean>) {
  return useQuery({
    queryKey: computed(() => keys.compositionRenders(toValue(id))),
    queryFn: ({ signal }) => listRenders(toValue(id), signal),
    enabled: () => toValue(enabled),
    shallow: true,
  });
}

export function useImages(episodeId: MaybeRefOrGetter<string>, enabled: MaybeRefOrGetter<boolean>) {
  return useQuery({
    queryKey: computed(() => keys.imagesOf(toValue(episodeId))),
    queryFn: ({ signal }) => listImages(toValue(episodeId), signal),
    enabled: () => toValue(enabled),
    staleTime: 0,
    shallow: true,
  });
}

const noMetrics: Metrics = { fonts: {} };

/** How wide the fonts' characters are. Until that is known lines break by a guess. */
export function useMetrics() {
  const query = useQuery({
    queryKey: keys.fontMetrics,
    queryFn: async ({ signal }): Promise<Metrics> => {
      const response = await fetch('/fonts/metrics.json', { signal }).catch(() => {
        throw networkProblem();
      });
      if (!response.ok) throw toProblem(response.status, null, response.headers);
      return (await response.json()) as Metrics;
    },
    staleTime: forGood,
    gcTime: forGood,
    shallow: true,
  });
  return computed(() => query.data.value ?? noMetrics);
}
