import { beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetUpload, isSameFile, remembered, rememberUpload } from './memory';

const upload = { fileId: 'f1', user: 'u1', episode: 'e1', name: 'a.mp4', size: 10, modified: 5, sent: 3 };

describe('uploads that were begun', () => {
  beforeEach(() => localStorage.clear());

  it('are remembered by person and episode, each once', () => {
    rememberUpload(upload);
    rememberUpload({ ...upload, sent: 7 });
    rememberUpload({ ...upload, fileId: 'f2', episode: 'e2' });
    expect(remembered('u1', 'e1')).toMatchObject([{ fileId: 'f1', sent: 7 }]);
    expect(remembered('u2', 'e1')).toEqual([]);
    forgetUpload('f1');
    expect(remembered('u1', 'e1')).toEqual([]);
  });
  it('are forgotten after a day, as the server does', () => {
    rememberUpload(upload);
    vi.useFakeTimers({ now: Date.now() + 25 * 3_600_000 });
    expect(remembered('u1', 'e1')).toEqual([]);
    vi.useRealTimers();
  });
  it('do not mind what else lies in the storage', () => {
    localStorage.setItem('sr.uploads', '{"broken"');
    expect(remembered('u1', 'e1')).toEqual([]);
  });
  it('go on only with the same file', () => {
    expect(isSameFile(upload, { name: 'a.mp4', size: 10, lastModified: 5 })).toBe(true);
    expect(isSameFile(upload, { name: 'a.mp4', size: 10, lastModified: 6 })).toBe(false);
  });
});
