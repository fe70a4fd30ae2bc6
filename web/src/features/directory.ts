import { useQuery } from '@tanstack/vue-query';
import { computed } from 'vue';
import { api, body } from '@/api/client';
import { keys } from '@/api/keys';
import { queryClient } from '@/api/query';
import type { Show } from '@/api/types';
import { refetchSoon } from '@/realtime/live';

/** Records name people and shows by id. Here is who and what the ids are, read once and kept. */

const staleTime = 5 * 60_000;
const again = 10_000; // an id nobody knows is not asked for more often than this
const askedAt = new Map<string, number>();

export function useUserNames() {
  return useQuery({
    queryKey: keys.userNames,
    queryFn: async ({ signal }) => (await body(api.GET('/users/names', { signal }))).data,
    staleTime,
    shallow: true,
  });
}

export function useShows() {
  return useQuery({
    queryKey: keys.shows,
    queryFn: async ({ signal }): Promise<Show[]> => (await body(api.GET('/shows', { signal }))).data,
    staleTime,
    shallow: true,
  });
}

/** Looks names up. What was not known is asked for, and the name appears once it is. */
export function useDirectory() {
  const users = useUserNames();
  const shows = useShows();
  const people = computed(() => new Map(users.data.value?.map(({ id, name }) => [id, name])));
  const titles = computed(() => new Map(shows.data.value?.map(({ id, name }) => [id, name])));

  function find(names: Map<string, string>, id: string, loaded: boolean, key: readonly unknown[]): string {
    const name = names.get(id);
    if (name === undefined && loaded) askFor(id, key);
    return name ?? '';
  }
  return {
    /** A person's name; without an id it was the server's own work. */
    person: (id: string | null): string =>
      id ? find(people.value, id, users.isSuccess.value, keys.userNames) : 'System',
    show: (id: string): string => find(titles.value, id, shows.isSuccess.value, keys.shows),
  };
}

function askFor(id: string, key: readonly unknown[]): void {
  const now = Date.now();
  if (now - (askedAt.get(id) ?? -again) < again) return;
  askedAt.set(id, now);
  refetchSoon(queryClient, key);
}
