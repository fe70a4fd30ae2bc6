import type { FileRecord } from '@/api/types';
import type { FilePages } from '@/realtime/file-patch';

/** A file for tests; only what a test is about needs to be said. */
export const aFile = (values: Partial<FileRecord> = {}): FileRecord => ({
  id: 'f1',
  episode_id: 'e1',
  show_id: 's1',
  name: 'still.png',
  kind: 'image',
  media_type: 'image/png',
  bytes: 1_000,
  sha256: 'ab'.repeat(32),
  state: 'ready',
  error: null,
  source: null,
  media: null,
  derivatives: [],
  version: 1,
  created_at: '2026-01-01T00:00:00.000Z',
  created_by: 'u1',
  updated_at: '2026-01-01T00:00:00.000Z',
  updated_by: null,
  deleted_at: null,
  ...values,
});

export const filePages = (...pages: { files: FileRecord[]; next?: string }[]): FilePages => ({
  pages: pages.map(({ files, next }) => ({
    data: files,
    pagination: { limit: 50, next_cursor: next ?? null },
  })),
  pageParams: pages.map((_, index) => (index === 0 ? null : `c${index}`)),
});
