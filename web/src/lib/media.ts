import { onScopeDispose, ref, type Ref } from 'vue';

/** Whether a media query holds, live. */
export function useMedia(query: string): Readonly<Ref<boolean>> {
  const list = matchMedia(query);
  const matches = ref(list.matches);
  const update = () => (matches.value = list.matches);
  list.addEventListener('change', update);
  onScopeDispose(() => list.removeEventListener('change', update));
  return matches;
}

export const usePhone = (): Readonly<Ref<boolean>> => useMedia('(max-width: 767.98px)');
