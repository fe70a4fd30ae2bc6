import { api, body, idempotency, record } from '@/api/client';
import { queryClient } from '@/api/query';
import type { FileRecord } from '@/api/types';
import { copyText } from '@/lib/clipboard';
import { exactTime } from '@/lib/time';
import { applyFilePatches } from '@/realtime/file-live';
import { toast, toastError } from '@/ui/toasts';
import { fetchLink } from './queries';

const sharedFor = 24 * 3_600;
const savedFor = 300;

/** What the server has answered goes the way of its events: an older one changes nothing. */
export function adoptFile(answer: unknown): FileRecord {
  const file = answer as FileRecord;
  applyFilePatches(queryClient, [{ id: file.id, episodeId: file.episode_id, op: 'record', file }]);
  return file;
}

export async function renameFile(file: FileRecord, name: string): Promise<void> {
  const params = { path: { id: file.id } };
  adoptFile(await record(api.PATCH('/files/{id}', { params, body: { name } })));
}

export async function deleteFile(file: FileRecord): Promise<boolean> {
  try {
    await body(api.DELETE('/files/{id}', { params: { path: { id: file.id } } }));
  } catch (error) {
    toastError(`“${file.name}” could not be deleted`, error, () => void deleteFile(file));
    return false;
  }
  applyFilePatches(queryClient, [
    {
      id: file.id,
      episodeId: file.episode_id,
      op: 'deleted',
      version: file.version + 1,
      at: new Date().toISOString(),
    },
  ]);
  toast(`“${file.name}” deleted`, { action: { label: 'Undo', run: () => void restoreFile(file) } });
  return true;
}

async function restoreFile(file: FileRecord): Promise<void> {
  const params = { path: { id: file.id }, header: idempotency() };
  try {
    adoptFile(await record(api.POST('/files/{id}/restore', { params })));
    toast(`“${file.name}” is back`, { tone: 'ok' });
  } catch (error) {
    toastError(`“${file.name}” could not be restored`, error, () => void restoreFile(file));
  }
}

/** By a link of its own, so that the browser streams it to the disk. */
export async function saveFile(file: FileRecord): Promise<void> {
  try {
    const { url } = await fetchLink(file.id, savedFor, true);
    const link = document.createElement('a');
    link.href = url;
    link.download = file.name;
    link.click();
  } catch (error) {
    toastError(`“${file.name}” could not be downloaded`, error, () => void saveFile(file));
  }
}

export async function copyFileLink(file: FileRecord): Promise<void> {
  try {
    const { url, expires_at } = await fetchLink(file.id, sharedFor, false);
    const until = exactTime(expires_at);
    await copyText(
      new URL(url, location.origin).href,
      `Link copied. Anyone who has it can open the file until ${until}`,
    );
  } catch (error) {
    toastError('No link could be made', error, () => void copyFileLink(file));
  }
}

/** In a tab of its own; opened at once, because browsers let pages open tabs only while they are clicked at. */
export async function openInTab(file: FileRecord): Promise<void> {
  const tab = window.open('', '_blank');
  if (tab) tab.opener = null;
  try {
    const { url } = await fetchLink(file.id, savedFor, false);
    tab?.location.replace(new URL(url, location.origin).href);
  } catch (error) {
    tab?.close();
    toastError(`“${file.name}” could not be opened`, error, () => void openInTab(file));
  }
}

export async function makePreviewsAgain(file: FileRecord): Promise<void> {
  const params = { path: { id: file.id }, header: idempotency() };
  try {
    await record(api.POST('/files/{id}/derivatives', { params }));
    toast('The previews are being made again', { tone: 'ok' });
  } catch (error) {
    toastError('The previews could not be asked for', error);
  }
}
