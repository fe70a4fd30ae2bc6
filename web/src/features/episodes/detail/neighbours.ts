import { computed, toValue, type MaybeRefOrGetter } from 'vue';
import { useRouter } from 'vue-router';
import { lastList } from '../list/memory';

/** The episodes before and after this one in the list one came from, and the way there on the same tab. */
export function useNeighbours(id: MaybeRefOrGetter<string>, tab: MaybeRefOrGetter<string | undefined>) {
  const router = useRouter();
  const index = computed(() => lastList.value.indexOf(toValue(id)));
  const at = (step: number) => (index.value < 0 ? undefined : lastList.value[index.value + step]);
  const previous = computed(() => at(-1));
  const next = computed(() => at(1));

  function go(to: string | undefined): void {
    if (to) void router.push({ name: 'episode', params: { id: to, tab: toValue(tab) } });
  }
  return { listed: computed(() => index.value >= 0), previous, next, go };
}
