import { beforeEach, expect, test, vi } from 'vitest';
import { toProblem } from '@/api/problem';
import { noteFileChanged } from '@/realtime/changed-files';
import { picture, retryPicture } from './images';

const download = vi.hoisted(() => vi.fn<(path: string) => Promise<Blob>>());
vi.mock('@/api/client', () => ({ download }));

const blob = new Blob(['picture']);
const refusal = (code: string) => toProblem(404, { code, title: 'Not found', status: 404 });

beforeEach(() => {
  download.mockReset();
  vi.stubGlobal(
    'Image',
    class {
      naturalWidth = 1600;
      naturalHeight = 900;
      onload = (): void => undefined;
      set src(_address: string) {
        queueMicrotask(() => this.onload());
      }
    },
  );
});

test('the preview is shown, not the original', async () => {
  download.mockResolvedValueOnce(blob);
  expect(picture('a').state).toBe('loading');
  await vi.waitFor(() => expect(picture('a')).toMatchObject({ state: 'ready', width: 1600, height: 900 }));
  expect(download.mock.calls).toEqual([['/files/a/preview']]);
});

test('a preview that is being made is fetched when its event says that it is there', async () => {
  download.mockRejectedValueOnce(refusal('DERIVATIVE_PENDING')).mockResolvedValueOnce(blob);
  picture('b');
  await vi.waitFor(() => expect(download).toHaveBeenCalledTimes(1));
  expect(picture('b')).toMatchObject({ state: 'loading', url: null });
  noteFileChanged({ fileId: 'another' });
  noteFileChanged({ fileId: 'b' });
  await vi.waitFor(() => expect(picture('b').state).toBe('ready'));
  noteFileChanged({ fileId: 'b' });
  expect(download.mock.calls).toEqual([['/files/b/preview'], ['/files/b/preview']]);
});

test('where the server makes none, the file itself is shown', async () => {
  download.mockRejectedValueOnce(refusal('DERIVATIVE_UNAVAILABLE')).mockResolvedValueOnce(blob);
  picture('c');
  await vi.waitFor(() => expect(picture('c').state).toBe('ready'));
  expect(download).toHaveBeenLastCalledWith('/files/c/content');
});

test('what cannot be shown can be tried again', async () => {
  download.mockRejectedValueOnce(refusal('DERIVATIVE_FAILED')).mockResolvedValueOnce(blob);
  picture('d');
  await vi.waitFor(() => expect(picture('d').state).toBe('failed'));
  retryPicture('d');
  await vi.waitFor(() => expect(picture('d').state).toBe('ready'));
});
