import { defineStore } from 'pinia';
import type { Socket } from 'socket.io-client';
import { computed, ref, shallowRef } from 'vue';
import { freshToken, renew } from '@/api/token';
import { queryClient as client } from '@/api/query';
import { plural } from '@/lib/format';
import { toast } from '@/ui/toasts';
import { keys } from '@/api/keys';
import { noteFileChanged } from './changed-files';
import { applyCompositionEvent, compositionEvents, type CompositionPayload } from './composition-live';
import { applyJobPatches } from './job-live';
import {
  coalesceJobs,
  jobEvents,
  toJobPatch,
  toProgressPatch,
  type JobPatch,
  type JobPayload,
  type JobProgressPayload,
} from './job-patch';
import { applyFilePatches, noteArriving } from './file-live';
import {
  coalesceFiles,
  fileEvents,
  toFilePatch,
  type FilePatch,
  type FilePayload,
  type FileProgress,
} from './file-patch';
import { applyPatches, refetchSoon } from './live';
import { episodeEvents, toPatch, type EpisodePatch, type EpisodePayload } from './patch';
import { coalesce, PatchQueue } from './queue';
import { ReplayCount } from './replay';

export interface ImportProgress {
  importId: string;
  rows: number;
  created: number;
  updated: number;
  skipped: number;
  failed: number;
  bytes: number;
  done: boolean;
}

type State = 'connecting' | 'live' | 'reconnecting' | 'offline';

const noticeAfter = 2_000; // shorter breaks are nobody's business
const jobInterval = 100; // progress is drawn at most ten times a second

/** What is cheaper to read again than to patch. */
const rereads: Record<string, readonly unknown[]> = {
  job_processor_started: keys.jobWorkers,
  job_queue_changed: keys.jobQueues,
  job_schedule_changed: keys.jobSchedules,
};

export const useConnection = defineStore('connection', () => {
  const state = ref<State>('connecting');
  const attempt = ref(0);
  const lastEventAt = ref<number | null>(null);
  const downSince = ref<number | null>(null);
  const noticed = ref(false);
  const importProgress = shallowRef<ImportProgress | null>(null);
  const reconnects = ref(0);
  const live = computed(() => state.value === 'live');

  let socket: Socket | null = null;
  let noticeTimer: ReturnType<typeof setTimeout> | undefined;
  let everConnected = false;
  let refusals = 0;

  const queue = new PatchQueue<EpisodePatch>({
    coalesce,
    apply: (patches) => applyPatches(client, patches),
    overflow: () => void client.invalidateQueries(),
  });
  const jobQueue = new PatchQueue<JobPatch>({
    coalesce: coalesceJobs,
    apply: (patches) => applyJobPatches(client, patches),
    overflow: () => void client.invalidateQueries({ queryKey: keys.jobs }),
    interval: jobInterval,
  });
  const fileQueue = new PatchQueue<FilePatch>({
    coalesce: coalesceFiles,
    apply: (patches) => applyFilePatches(client, patches),
    overflow: () => void client.invalidateQueries({ queryKey: keys.files }),
  });
  const replay = new ReplayCount((missed) =>
    toast(
      missed > 0
        ? `Back online, ${plural(missed, 'change')} loaded`
        : 'Back online, everything is up to date',
      { tone: 'ok' },
    ),
  );

  /** Connects once; the socket then lives as long as the page. The client library is loaded after the first paint. */
  async function start(): Promise<void> {
    if (socket) return;
    addEventListener('offline', () => down('offline'));
    addEventListener('online', () => retry());
    const { io } = await import('socket.io-client');
    if (socket) return;
    socket = io('/real-time', {
      path: '/socket.io/',
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 3_000,
      auth: (answer) => {
        freshToken().then(
          (token) => answer({ token }),
          () => answer({ token: null }), // no server to ask: the connection will fail as well, and try again
        );
      },
    });
    socket.on('connect', onConnect);
    socket.on('disconnect', (reason) => {
      down(navigator.onLine ? 'reconnecting' : 'offline');
      // The server sent us away; the client library does not come back from that by itself.
      if (reason === 'io server disconnect') setTimeout(retry, 1_000);
    });
    socket.on('connect_error', onRefused);
    socket.io.on('reconnect_attempt', (number) => (attempt.value = number));
    for (const name of episodeEvents) socket.on(name, (payload: EpisodePayload) => onEpisode(name, payload));
    for (const name of jobEvents)
      socket.on(name, (payload: JobPayload) => pushJob(toJobPatch(name, payload)));
    for (const name of compositionEvents)
      socket.on(name, (payload: CompositionPayload) => {
        lastEventAt.value = Date.now();
        applyCompositionEvent(client, name, payload);
      });
    socket.on('file_updated', noteFileChanged);
    socket.on('job_progress', (payload: JobProgressPayload) => pushJob(toProgressPatch(payload)));
    for (const [name, key] of Object.entries(rereads)) socket.on(name, () => refetchSoon(client, key));
    socket.on('import_progress', (progress: ImportProgress) => (importProgress.value = progress));
    for (const name of fileEvents)
      socket.on(name, (payload: FilePayload) => {
        const patch = toFilePatch(name, payload);
        if (patch) fileQueue.push(patch);
      });
    socket.on('file_progress', (progress: FileProgress) => noteArriving(progress));
    socket.onAny((_name: string, ...args: unknown[]) => {
      // What is on record comes with its position as the last argument.
      if (typeof args.at(-1) === 'string') replay.count();
    });
  }

  function pushJob(patch: JobPatch | null): void {
    if (patch && patch.op !== 'progress') lastEventAt.value = Date.now();
    if (patch) jobQueue.push(patch);
  }

  function onEpisode(name: (typeof episodeEvents)[number], payload: EpisodePayload): void {
    lastEventAt.value = Date.now();
    const patch = toPatch(name, payload);
    if (patch) queue.push(patch);
  }

  function onConnect(): void {
    const recovered = socket?.recovered === true;
    const wasNoticed = noticed.value;
    const first = !everConnected;
    everConnected = true;
    state.value = 'live';
    attempt.value = 0;
    refusals = 0;
    downSince.value = null;
    noticed.value = false;
    clearTimeout(noticeTimer);
    if (!first) reconnects.value++;
    if (!recovered) void resync(first);
    if (!wasNoticed || first) return;
    // What was missed comes after the answer, in one go.
    if (recovered) replay.start();
    else toast('Back online, everything is up to date', { tone: 'ok' });
  }

  /** The handshake got through, but the namespace refused: most likely the token expired on the way. */
  function onRefused(): void {
    down(navigator.onLine ? 'reconnecting' : 'offline');
    if (socket?.active !== false) return;
    const wait = refusals === 0 ? 0 : backoff(refusals);
    attempt.value = ++refusals;
    setTimeout(() => {
      renew().then(retry, retry);
    }, wait);
  }

  function down(next: 'reconnecting' | 'offline'): void {
    if (downSince.value === null) {
      downSince.value = Date.now();
      replay.cancel();
      clearTimeout(noticeTimer);
      noticeTimer = setTimeout(() => (noticed.value = state.value !== 'live'), noticeAfter);
    }
    state.value = next;
  }

  /**
   * Whatever was read before the connection stood may have missed something. An answer still on its way is no
   * exception: the query joins the running request, so it is asked a second time after that.
   */
  async function resync(first: boolean): Promise<void> {
    const underWay = client
      .getQueryCache()
      .findAll({ fetchStatus: 'fetching' })
      .filter((query) => query.state.data === undefined);
    // Right after the page was loaded only what events can change is worth a second look.
    const changing: ReadonlySet<unknown> = new Set([
      'episodes',
      'activities',
      'jobs',
      'files',
      'compositions',
    ]);
    const eventful = ({ queryKey }: { queryKey: readonly unknown[] }) => changing.has(queryKey[0]);
    await client.invalidateQueries(first ? { predicate: eventful } : {});
    for (const { queryKey } of underWay) void client.invalidateQueries({ queryKey, exact: true });
  }

  function retry(): void {
    if (!socket || socket.connected) return;
    if (state.value === 'offline' && navigator.onLine) state.value = 'reconnecting';
    // Skips the waiting time of the library's own back-off.
    if (socket.active) socket.disconnect();
    socket.connect();
  }

  function stop(): void {
    socket?.disconnect();
    socket = null;
  }

  return {
    state,
    live,
    attempt,
    lastEventAt,
    downSince,
    noticed,
    importProgress,
    reconnects,
    start,
    stop,
    retry,
  };
});

const backoff = (attempt: number): number =>
  Math.min(1_000 * 2 ** Math.min(attempt, 5), 15_000) * (0.75 + Math.random() / 2);
