import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/vue-query';
import { computed, toValue, type MaybeRefOrGetter } from 'vue';
import { api, body, record } from '@/api/client';
import { keys } from '@/api/keys';
import { queryClient } from '@/api/query';
import type { Job, Page } from '@/api/types';
import { freshestJobs } from '@/realtime/job-live';
import { mergeHead, type JobPages } from '@/realtime/job-patch';
import { toJobParameters, type JobFilters } from './filters';

const pageSize = 50;
const failuresKept = 100;

async function fetchPage(
  filters: JobFilters,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<Job>> {
  const askedAt = performance.now();
  const query = { ...toJobParameters(filters), limit: pageSize, cursor: cursor ?? undefined };
  const page = await body(api.GET('/jobs', { params: { query }, signal }));
  return { ...page, data: freshestJobs(page.data, askedAt) };
}

export function useJobList(filters: MaybeRefOrGetter<JobFilters>) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.jobList(toValue(filters))),
    queryFn: ({ pageParam, signal }) => fetchPage(toValue(filters), pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page<Job>) => page.pagination.next_cursor,
    placeholderData: keepPreviousData,
    shallow: true,
  });
}

/** Puts what is new on top, and takes out of the newest page what no longer belongs there. */
export async function refreshJobHead(filters: JobFilters): Promise<void> {
  const queryKey = keys.jobList(filters);
  if (!queryClient.getQueryData<JobPages>(queryKey)) return;
  const head = await fetchPage(filters, null);
  queryClient.setQueryData<JobPages>(queryKey, (pages) => pages && mergeHead(pages, head));
}

export function useJob(id: MaybeRefOrGetter<string | undefined>) {
  return useQuery({
    queryKey: computed(() => keys.job(toValue(id) ?? '')),
    queryFn: async ({ signal }) => {
      const askedAt = performance.now();
      const job = await record(
        api.GET('/jobs/{id}', { params: { path: { id: toValue(id) ?? '' } }, signal }),
      );
      return freshestJobs([job], askedAt)[0] ?? job;
    },
    enabled: () => toValue(id) !== undefined,
    placeholderData: () => findInLists(toValue(id)),
    shallow: true,
  });
}

/** A job that a list has already: the drawer need not wait for it. */
function findInLists(id: string | undefined): Job | undefined {
  for (const [, pages] of queryClient.getQueriesData<JobPages>({ queryKey: keys.jobLists }))
    for (const page of pages?.pages ?? []) {
      const found = page.data.find((job) => job.id === id);
      if (found) return found;
    }
  return undefined;
}

export function useAttempts(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.jobAttempts(toValue(id))),
    queryFn: async ({ signal }) =>
      (await body(api.GET('/jobs/{id}/attempts', { params: { path: { id: toValue(id) } }, signal }))).data,
    shallow: true,
  });
}

/** Counted anew after events; `interval` for what grows old without any, as a job that nobody takes. */
export function useJobStats(enabled: MaybeRefOrGetter<boolean> = true, interval?: number) {
  return useQuery({
    queryKey: keys.jobStats,
    queryFn: ({ signal }) => record(api.GET('/jobs/stats', { signal })),
    enabled: () => toValue(enabled),
    refetchInterval: interval,
    shallow: true,
  });
}

/** Jobs that have failed, for what nobody has seen yet. */
export function useFailures(enabled: MaybeRefOrGetter<boolean> = true) {
  return useQuery({
    queryKey: keys.jobFailures,
    queryFn: async ({ signal }) =>
      (await body(api.GET('/jobs/dead', { params: { query: { limit: failuresKept } }, signal }))).data,
    enabled: () => toValue(enabled),
    shallow: true,
  });
}

export function useJobTypes() {
  return useQuery({
    queryKey: keys.jobTypes,
    queryFn: async ({ signal }) => (await body(api.GET('/jobs/types', { signal }))).data,
    staleTime: 10 * 60_000,
    shallow: true,
  });
}

/** Heartbeats are no events: they are asked for. */
export function useWorkers() {
  return useQuery({
    queryKey: keys.jobWorkers,
    queryFn: async ({ signal }) => (await body(api.GET('/jobs/workers', { signal }))).data,
    refetchInterval: 5_000,
    shallow: true,
  });
}

/** Some of those that wait, to see in which queues they do. */
export function useDueJobs(enabled: MaybeRefOrGetter<boolean>) {
  return useQuery({
    queryKey: keys.jobsDue,
    queryFn: async ({ signal }) =>
      (await body(api.GET('/jobs', { params: { query: { status: ['pending'], limit: 100 } }, signal }))).data,
    enabled: () => toValue(enabled),
    shallow: true,
  });
}

export function useQueues() {
  return useQuery({
    queryKey: keys.jobQueues,
    queryFn: async ({ signal }) => (await body(api.GET('/jobs/queues', { signal }))).data,
    shallow: true,
  });
}

export function useSchedules() {
  return useQuery({
    queryKey: keys.jobSchedules,
    queryFn: async ({ signal }) => (await body(api.GET('/jobs/schedules', { signal }))).data,
    refetchInterval: 30_000,
    shallow: true,
  });
}
