import { describe, expect, it } from 'vitest';
import type { FileRecord } from '@/api/types';
import { aFile, filePages } from '@/test/files';
import {
  coalesceFiles,
  fileEvents,
  freshestOf,
  patchFilePages,
  toFilePatch,
  type FileEventName,
  type FilePages,
  type FilePatch,
  type FilePayload,
} from './file-patch';

function patch(name: FileEventName, payload: FilePayload): FilePatch {
  const made = toFilePatch(name, payload);
  if (!made) throw new Error('no patch');
  return made;
}
const about = (file: FileRecord, name: FileEventName = 'file_updated') =>
  patch(name, { file, fileId: file.id, episodeId: file.episode_id });
const deletion = (version: number, id = 'f1') =>
  patch('file_deleted', { fileId: id, episodeId: 'e1', version });
const ids = (pages: FilePages) => pages.pages.map((page) => page.data.map(({ id }) => id));
const first = (pages: FilePages) => pages.pages[0]?.data[0];

describe('toFilePatch', () => {
  it.each(fileEvents)('makes nothing of a %s without a file', (name) => {
    expect(toFilePatch(name, {})).toBeNull();
    if (name !== 'file_deleted') expect(toFilePatch(name, { fileId: 'f1', episodeId: 'e1' })).toBeNull();
  });
});

describe('patchFilePages', () => {
  const uploading = aFile({ state: 'uploading', sha256: null });
  const pages = filePages({ files: [uploading] });

  it.each(['file_uploaded', 'file_failed', 'file_updated', 'file_restored'] as const)(
    'takes the newer record of %s',
    (name) => {
      const after = patchFilePages(pages, about(aFile({ version: 2, name: 'b.png' }), name), null);
      expect(first(after)).toMatchObject({ state: 'ready', name: 'b.png', version: 2 });
    },
  );
  it('is not taken back by an event that comes late, nor changed by an echo', () => {
    const ready = filePages({ files: [aFile({ version: 3 })] });
    expect(patchFilePages(ready, about(uploading, 'file_upload_started'), null)).toBe(ready);
    expect(patchFilePages(ready, about(aFile({ version: 3, name: 'x' })), null)).toBe(ready);
    expect(patchFilePages(ready, deletion(2), null)).toBe(ready);
  });
  it('takes a deleted one away, and a restored one back to its place', () => {
    const three = filePages({ files: ['f3', 'f2', 'f1'].map((id) => aFile({ id })) });
    const two = patchFilePages(three, deletion(2, 'f2'), null);
    expect(ids(two)).toEqual([['f3', 'f1']]);
    const again = patchFilePages(two, about(aFile({ id: 'f2', version: 3 }), 'file_restored'), null);
    expect(ids(again)).toEqual([['f3', 'f2', 'f1']]);
  });
  it('puts a new one on top', () => {
    expect(ids(patchFilePages(pages, about(aFile({ id: 'f9' }), 'file_upload_started'), null))).toEqual([
      ['f9', 'f1'],
    ]);
    expect(ids(patchFilePages(filePages({ files: [] }), about(aFile()), null))).toEqual([['f1']]);
  });
  it('leaves out what is further down than was loaded', () => {
    const cut = filePages({ files: [aFile({ id: 'f5' })], next: 'c' });
    expect(patchFilePages(cut, about(aFile({ id: 'f2' })), null)).toBe(cut);
  });
  it('keeps to the kind that is shown', () => {
    expect(patchFilePages(pages, about(aFile({ id: 'f9', kind: 'video' })), 'image')).toBe(pages);
    expect(ids(patchFilePages(pages, about(aFile({ version: 2, kind: 'other' })), 'image'))).toEqual([[]]);
  });
});

describe('coalesceFiles', () => {
  it('keeps the later version, whichever comes first', () => {
    const two = about(aFile({ version: 2 }));
    const three = deletion(3);
    expect(coalesceFiles(two, three)).toBe(three);
    expect(coalesceFiles(three, two)).toBe(three);
  });
});

describe('freshestOf', () => {
  it('lets no answer overwrite what an event has said since', () => {
    const latest = new Map([
      ['f1', about(aFile({ version: 4, name: 'new.png' }))],
      ['f2', deletion(2, 'f2')],
      ['f3', about(aFile({ id: 'f3', version: 1 }))],
    ]);
    const answer = [aFile(), aFile({ id: 'f2' }), aFile({ id: 'f3', version: 2, name: 'read later' })];
    expect(freshestOf(answer, latest).map(({ id, name }) => [id, name])).toEqual([
      ['f1', 'new.png'],
      ['f3', 'read later'],
    ]);
  });
});
