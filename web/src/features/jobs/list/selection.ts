import { computed, shallowRef, type Ref } from 'vue';
import type { Job } from '@/api/types';

/** Which rows of a list are chosen. What has left the list is no longer chosen. */
export function useSelection(jobs: Readonly<Ref<readonly Job[]>>) {
  const ids = shallowRef<ReadonlySet<string>>(new Set());
  let anchor: string | null = null;

  const selected = computed(() => jobs.value.filter(({ id }) => ids.value.has(id)));
  const all = computed(() => jobs.value.length > 0 && selected.value.length === jobs.value.length);

  function toggle(job: Job, range = false): void {
    const next = new Set(ids.value);
    const on = !next.has(job.id);
    for (const id of range ? between(anchor, job.id) : [job.id]) {
      if (on) next.add(id);
      else next.delete(id);
    }
    anchor = job.id;
    ids.value = next;
  }

  function between(from: string | null, to: string): string[] {
    const order = jobs.value.map(({ id }) => id);
    const ends = [order.indexOf(from ?? to), order.indexOf(to)].sort((a, b) => a - b);
    const [first = -1, last = -1] = ends;
    return first < 0 ? [to] : order.slice(first, last + 1);
  }

  const clear = () => (ids.value = new Set());
  const toggleAll = () => (ids.value = new Set(all.value ? [] : jobs.value.map(({ id }) => id)));
  return { ids, selected, all, toggle, clear, toggleAll };
}
