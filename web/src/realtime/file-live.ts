import type { QueryClient } from '@tanstack/vue-query';
import { shallowReactive } from 'vue';
import { keys } from '@/api/keys';
import type { FileKind, FileRecord } from '@/api/types';
import {
  coalesceFiles,
  freshestOf,
  patchFilePages,
  type FilePages,
  type FilePatch,
  type FileProgress,
} from './file-patch';
import { eventCount, refetchSoon } from './live';

const memory = 1_000;

/** How many bytes of a file have come, of those that somebody sends at present. */
export const arriving = shallowReactive(new Map<string, number>());

/** The newest that an event has said of each file, to correct answers that were read before it. */
const latest = new Map<string, FilePatch>();

function remember(patch: FilePatch): void {
  const known = latest.get(patch.id);
  latest.delete(patch.id);
  latest.set(patch.id, known ? coalesceFiles(known, patch) : patch);
  const oldest = latest.keys().next();
  if (latest.size > memory && !oldest.done) latest.delete(oldest.value);
}

export const freshestFiles = (files: readonly FileRecord[]): FileRecord[] => freshestOf(files, latest);

const listeners = new Set<(patch: FilePatch) => void>();

export function onFilePatch(listener: (patch: FilePatch) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function noteArriving({ fileId, received }: FileProgress): void {
  if (fileId && typeof received === 'number') arriving.set(fileId, received);
}

export function applyFilePatches(client: QueryClient, patches: readonly FilePatch[]): void {
  for (const patch of patches) {
    remember(patch);
    eventCount.value++;
    if (patch.op === 'deleted' || patch.file.state !== 'uploading') arriving.delete(patch.id);
    for (const listener of listeners) listener(patch);
  }
  for (const query of client.getQueryCache().findAll({ queryKey: keys.fileLists })) {
    const [, , episode, kind] = query.queryKey as ReturnType<typeof keys.fileList>;
    const mine = patches.filter((patch) => patch.episodeId === episode);
    if (!mine.length) continue;
    patchQuery(client, query.queryKey, mine, kind);
    // A file that is new may be missing from an answer that is still on its way.
    if (query.state.fetchStatus === 'fetching') refetchSoon(client, query.queryKey);
  }
  for (const id of new Set(patches.map((patch) => patch.id)))
    refetchSoon(client, keys.activityOf('file', id));
}

function patchQuery(
  client: QueryClient,
  queryKey: readonly unknown[],
  patches: readonly FilePatch[],
  kind: FileKind | null,
): void {
  client.setQueryData<FilePages>(
    queryKey,
    (pages) => pages && patches.reduce((before, patch) => patchFilePages(before, patch, kind), pages),
  );
}
