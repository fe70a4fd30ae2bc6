import { shallowRef } from 'vue';
import type { Episode } from '@/api/types';

interface Place {
  key: string;
  offset: number;
  activeId: string | null;
}

let last: Place | null = null;

/** The episodes of the list last looked at, in its order: what "previous" and "next" mean on a detail page. */
export const lastList = shallowRef<readonly string[]>([]);

/** Where somebody was in a list, so that coming back is coming back. */
export const listMemory = {
  offset: (key: string): number => (last?.key === key ? last.offset : 0),
  activeId: (key: string): string | null => (last?.key === key ? last.activeId : null),
  save(key: string, offset: number, activeId: string | null, episodes: readonly Episode[]): void {
    last = { key, offset, activeId };
    lastList.value = episodes.map(({ id }) => id);
  },
};
