import { onScopeDispose, shallowRef, watch } from 'vue';
import type { FileRecord } from '@/api/types';
import { fetchLink } from '../queries';

const lifetime = 4 * 3_600;

/**
 * A link to a file's content as long as it is shown: what plays asks for ranges by it. One that has run out is replaced,
 * once for each failure that a fresh one can mend.
 */
export function useContentLink(file: () => FileRecord) {
  const url = shallowRef<string | null>(null);
  const error = shallowRef<unknown>(null);
  let current = true;
  let fetchedAt = 0;

  async function fetch(): Promise<void> {
    const { id } = file();
    error.value = null;
    try {
      const link = await fetchLink(id, lifetime, false);
      if (!current || file().id !== id) return;
      fetchedAt = Date.now();
      url.value = link.url;
    } catch (reason) {
      error.value = reason;
    }
  }

  /** True when another link was asked for, because the old one may have been too old. */
  function renew(): boolean {
    if (Date.now() - fetchedAt < (lifetime * 1_000) / 2) return false;
    void fetch();
    return true;
  }

  watch(
    () => file().id,
    () => {
      url.value = null;
      void fetch();
    },
    { immediate: true },
  );
  onScopeDispose(() => (current = false));
  return { url, error, retry: fetch, renew };
}
