import { shallowRef, type ShallowRef } from 'vue';
import { download } from '@/api/client';
import { asProblem } from '@/api/problem';
import { onFileChanged } from '@/realtime/changed-files';

/**
 * The pictures of image layers as addresses that an `<image>` can show. The server wants a token, which only a request
 * carries, so each is fetched once and kept as a blob: the server's preview, never the original of many megabytes, unless
 * the server makes none.
 */

export interface Picture {
  state: 'loading' | 'ready' | 'failed';
  url: string | null;
  /** Of what is shown, in the proportions of the original. */
  width: number;
  height: number;
}

const kept = 200;
const pictures = new Map<string, ShallowRef<Picture>>();
const nothing: Picture = { state: 'loading', url: null, width: 0, height: 0 };
/** Those whose preview is being made: an event says when it is there. */
const awaited = new Set<string>();

/** Reactive: it has no address until the picture is there. */
export function picture(fileId: string): Picture {
  let found = pictures.get(fileId);
  if (!found) {
    found = shallowRef(nothing);
    pictures.set(fileId, found);
    forgetOldest();
    void load(fileId, found);
  }
  return found.value;
}

/** Asks once more for what could not be loaded. */
export function retryPicture(fileId: string): void {
  const found = pictures.get(fileId);
  if (found?.value.state !== 'failed') return;
  found.value = nothing;
  void load(fileId, found);
}

onFileChanged((fileId) => {
  const found = pictures.get(fileId);
  if (found && awaited.delete(fileId)) void load(fileId, found);
});

async function load(fileId: string, into: ShallowRef<Picture>): Promise<void> {
  // Before it is asked for: the event may come sooner than the answer.
  awaited.add(fileId);
  try {
    const blob = await fetchPreview(fileId);
    if (!blob) return;
    awaited.delete(fileId);
    const url = URL.createObjectURL(blob);
    const { width, height } = await sizeOf(url);
    if (pictures.get(fileId) !== into) return URL.revokeObjectURL(url); // forgotten meanwhile
    into.value = { state: 'ready', url, width, height };
  } catch {
    awaited.delete(fileId);
    into.value = { ...nothing, state: 'failed' };
  }
}

/** Nothing while the server makes it. */
async function fetchPreview(fileId: string): Promise<Blob | null> {
  try {
    return await download(`/files/${fileId}/preview`);
  } catch (error) {
    const { code } = asProblem(error);
    if (code === 'DERIVATIVE_PENDING') return null;
    if (code === 'DERIVATIVE_UNAVAILABLE' || code === 'NO_DERIVATIVE')
      return await download(`/files/${fileId}/content`);
    throw error;
  }
}

function sizeOf(url: string): Promise<{ width: number; height: number }> {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve({ width: image.naturalWidth, height: image.naturalHeight });
    image.onerror = () => reject(new Error('not a picture'));
    image.src = url;
  });
}

function forgetOldest(): void {
  const oldest = pictures.entries().next();
  if (pictures.size <= kept || oldest.done) return;
  const [id, { value }] = oldest.value;
  pictures.delete(id);
  awaited.delete(id);
  if (value.url) URL.revokeObjectURL(value.url);
}
