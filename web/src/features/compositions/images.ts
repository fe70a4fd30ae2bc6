import { shallowRef, type ShallowRef } from 'vue';
import { download } from '@/api/client';

/**
 * The pictures of image layers as addresses that an `<image>` can show. The server wants a token, which only a request
 * carries, so each file is fetched once and kept as a blob.
 */

export interface Picture {
  state: 'loading' | 'ready' | 'failed';
  url: string | null;
  width: number;
  height: number;
}

const kept = 80;
const pictures = new Map<string, ShallowRef<Picture>>();
const nothing: Picture = { state: 'loading', url: null, width: 0, height: 0 };

/** Reactive: it has no address until the file is there. */
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
  if (pictures.get(fileId)?.value.state === 'failed') pictures.delete(fileId);
}

async function load(fileId: string, into: ShallowRef<Picture>): Promise<void> {
  try {
    const url = URL.createObjectURL(await download(`/files/${fileId}/content`));
    const { width, height } = await sizeOf(url);
    into.value = { state: 'ready', url, width, height };
  } catch {
    into.value = { ...nothing, state: 'failed' };
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
  if (value.url) URL.revokeObjectURL(value.url);
}
