import { useInfiniteQuery, type InfiniteData } from '@tanstack/vue-query';
import { computed, toValue, type MaybeRefOrGetter } from 'vue';
import { api, body } from '@/api/client';
import { keys } from '@/api/keys';
import { queryClient } from '@/api/query';
import type { Activity, Page } from '@/api/types';
import { toActivityParameters, type ActivityFilters } from './filters';

const pageSize = 50;
type ActivityPages = InfiniteData<Page<Activity>, string | null>;

async function fetchPage(
  filters: ActivityFilters,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<Activity>> {
  const query = { ...toActivityParameters(filters), limit: pageSize, cursor: cursor ?? undefined };
  return body(api.GET('/activities', { params: { query }, signal }));
}

export function useActivities(filters: MaybeRefOrGetter<ActivityFilters>) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.activityList(toValue(filters))),
    queryFn: ({ pageParam, signal }) => fetchPage(toValue(filters), pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page<Activity>) => page.pagination.next_cursor,
    shallow: true,
  });
}

/** Puts what has happened since on top; only a feed that has fallen a whole page behind is read anew. */
export async function refreshHead(filters: ActivityFilters): Promise<void> {
  const queryKey = keys.activityList(filters);
  const head = await fetchPage(filters, null);
  const pages = queryClient.getQueryData<ActivityPages>(queryKey);
  const first = pages?.pages[0];
  if (!pages || !first) return;
  const known = new Set(first.data.map(({ id }) => id));
  const fresh = head.data.filter(({ id }) => !known.has(id));
  if (fresh.length === 0) return;
  if (fresh.length === head.data.length && first.data.length > 0) {
    queryClient.setQueryData<ActivityPages>(queryKey, { pages: [head], pageParams: [null] });
    return;
  }
  const grown = { ...first, data: [...fresh, ...first.data] };
  queryClient.setQueryData<ActivityPages>(queryKey, { ...pages, pages: [grown, ...pages.pages.slice(1)] });
}

export function useRecordActivity(type: MaybeRefOrGetter<string>, id: MaybeRefOrGetter<string>) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.activityOf(toValue(type), toValue(id))),
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET('/activities/{resource_type}/{resource_id}', {
          params: {
            path: { resource_type: toValue(type), resource_id: toValue(id) },
            query: { limit: 30, cursor: pageParam ?? undefined },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page<Activity>) => page.pagination.next_cursor,
    shallow: true,
  });
}
