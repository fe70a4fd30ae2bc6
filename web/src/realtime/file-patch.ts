import type { InfiniteData } from '@tanstack/vue-query';
import type { FileKind, FileRecord, Page } from '@/api/types';

/**
 * What an event about a file does to the files in the cache. Pure, like `patch.ts`: newer wins by version, so that
 * echoes and events that come late change nothing.
 */

export const fileEvents = [
  'file_upload_started',
  'file_uploaded',
  'file_failed',
  'file_updated',
  'file_deleted',
  'file_restored',
] as const;
export type FileEventName = (typeof fileEvents)[number];

/** The payload as it arrives. Fields may be missing, so nothing is taken on trust. */
export interface FilePayload {
  timestamp?: string;
  file?: FileRecord | null;
  fileId?: string;
  episodeId?: string;
  version?: number;
}

export interface FileProgress {
  fileId?: string;
  received?: number;
  bytes?: number | null;
}

interface Base {
  id: string;
  episodeId: string;
}
export type FilePatch = Base &
  ({ op: 'record'; file: FileRecord } | { op: 'deleted'; version: number; at: string });

/** Null for an event that says nothing about a file we could know. */
export function toFilePatch(name: FileEventName, payload: FilePayload): FilePatch | null {
  const id = payload.fileId ?? payload.file?.id;
  const episodeId = payload.episodeId ?? payload.file?.episode_id;
  if (!id || !episodeId) return null;
  if (name === 'file_deleted') {
    const at = payload.timestamp ?? new Date().toISOString();
    return { id, episodeId, op: 'deleted', version: payload.version ?? Number.MAX_SAFE_INTEGER, at };
  }
  return payload.file ? { id, episodeId, op: 'record', file: payload.file } : null;
}

const versionOf = (patch: FilePatch): number => (patch.op === 'record' ? patch.file.version : patch.version);

/** Of two patches about the same file only the later version matters. */
export const coalesceFiles = (earlier: FilePatch, later: FilePatch): FilePatch =>
  versionOf(later) >= versionOf(earlier) ? later : earlier;

export type FilePages = InfiniteData<Page<FileRecord>, string | null>;

/** The pages after the patch; the very same object when it says nothing new. */
export function patchFilePages(pages: FilePages, patch: FilePatch, kind: FileKind | null): FilePages {
  const present = find(pages, patch.id);
  if (present && versionOf(patch) <= present.version) return pages;
  if (patch.op === 'deleted') return present ? withoutFile(pages, patch.id) : pages;
  const belongs = !patch.file.deleted_at && (kind === null || patch.file.kind === kind);
  if (present) return belongs ? replaceFile(pages, patch.file) : withoutFile(pages, patch.id);
  return belongs ? insert(pages, patch.file) : pages;
}

/** Records of an answer, brought up to date with what events have said of them; what they deleted is not in it. */
export function freshestOf(
  files: readonly FileRecord[],
  latest: ReadonlyMap<string, FilePatch>,
): FileRecord[] {
  return files.flatMap((file) => {
    const patch = latest.get(file.id);
    if (!patch || versionOf(patch) <= file.version) return [file];
    return patch.op === 'record' && !patch.file.deleted_at ? [patch.file] : [];
  });
}

function find(pages: FilePages, id: string): FileRecord | undefined {
  for (const page of pages.pages) {
    const found = page.data.find((file) => file.id === id);
    if (found) return found;
  }
  return undefined;
}

const mapPages = (pages: FilePages, change: (data: FileRecord[]) => FileRecord[]): FilePages => ({
  ...pages,
  pages: pages.pages.map((page) => ({ ...page, data: change(page.data) })),
});

const replaceFile = (pages: FilePages, file: FileRecord): FilePages =>
  mapPages(pages, (data) => data.map((each) => (each.id === file.id ? file : each)));

const withoutFile = (pages: FilePages, id: string): FilePages =>
  mapPages(pages, (data) => data.filter((each) => each.id !== id));

/** Newest first, and ids grow with time. What is older than all that was loaded comes when it is scrolled to. */
function insert(pages: FilePages, file: FileRecord): FilePages {
  const at = pages.pages.findIndex((page) => page.data.some((each) => each.id < file.id));
  const last = pages.pages.length - 1;
  if (at < 0 && pages.pages[last]?.pagination.next_cursor) return pages;
  const target = at < 0 ? last : at;
  return {
    ...pages,
    pages: pages.pages.map((page, index) => {
      if (index !== target) return page;
      const row = page.data.findIndex((each) => each.id < file.id);
      return { ...page, data: page.data.toSpliced(row < 0 ? page.data.length : row, 0, file) };
    }),
  };
}
