import { onScopeDispose, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue';
import { api, body } from '@/api/client';
import type { JobLogLine } from '@/api/types';
import { onJobPatches } from '@/realtime/job-live';

/** More lines than anybody reads; what is older is dropped from the page. */
export const linesKept = 1_000;
const pageSize = 500;
const lateTime = 1_000; // a worker may write its last lines after it has said how it ended
const pollTime = 3_000; // events about progress may be lost: while the job runs, it is looked at as well

/** The last lines of a job's log, and those that are written while it is looked at. */
export function useJobLog(id: MaybeRefOrGetter<string>, running: MaybeRefOrGetter<boolean>) {
  const lines = shallowRef<readonly JobLogLine[]>([]);
  const loaded = ref(false);
  const error = shallowRef<unknown>(null);
  const cut = ref(false);
  let abort = new AbortController();
  let reading = false;
  let again = false;
  let late: ReturnType<typeof setTimeout> | undefined;

  async function read(): Promise<void> {
    // One request at a time; what is announced meanwhile is read after it.
    again = reading;
    if (reading) return;
    reading = true;
    const { signal } = abort;
    try {
      do {
        again = false;
        again = (await readPage(signal)) || again;
      } while (again && !signal.aborted);
      error.value = null;
    } catch (reason) {
      if (!signal.aborted) error.value = reason;
    } finally {
      if (!signal.aborted) reading = false;
    }
  }

  /** True when there is more to read at once. */
  async function readPage(signal: AbortSignal): Promise<boolean> {
    const after = lines.value.at(-1)?.seq;
    const params = { path: { id: toValue(id) }, query: { after, limit: pageSize } };
    const { data } = await body(api.GET('/jobs/{id}/log', { params, signal }));
    if (signal.aborted) return false;
    loaded.value = true;
    if (!data.length) return false;
    const all = [...lines.value, ...data];
    cut.value ||= all.length > linesKept || (after === undefined && data.length === pageSize);
    lines.value = all.slice(-linesKept);
    return after !== undefined && data.length === pageSize;
  }

  function restart(): void {
    abort.abort();
    abort = new AbortController();
    reading = false;
    lines.value = [];
    loaded.value = false;
    cut.value = false;
    void read();
  }

  watch(() => toValue(id), restart, { immediate: true });
  const stop = onJobPatches((patches) => {
    const job = toValue(id);
    const news = patches.filter((patch) => patch.id === job && (patch.op !== 'progress' || patch.logged));
    if (!news.length) return;
    void read();
    if (news.some(({ op }) => op !== 'progress' && op !== 'started')) {
      clearTimeout(late);
      late = setTimeout(() => void read(), lateTime);
    }
  });
  const timer = setInterval(() => {
    if (toValue(running)) void read();
  }, pollTime);
  onScopeDispose(() => {
    stop();
    clearInterval(timer);
    clearTimeout(late);
    abort.abort();
  });
  return { lines, loaded, error, cut, retry: read };
}
