import { computed, shallowReactive } from 'vue';

/**
 * Uploads live as long as the page: nothing of the page that shows them owns them. What moves them is `sending.ts`,
 * which is loaded with the first.
 */

export type UploadState = 'queued' | 'sending' | 'checking' | 'paused' | 'waiting' | 'done' | 'failed';

export interface Upload {
  readonly key: number;
  readonly file: File;
  readonly episode: { id: string; title: string };
  state: UploadState;
  /** Bytes that the server has, or is getting. */
  sent: number;
  speed: number | null;
  /** What went wrong, as a sentence; while waiting, why. */
  problem: string | null;
  /** Something that should be known, though nothing went wrong. */
  note: string | null;
  /** When it is tried again, while waiting. */
  retryAt: number;
  /** The record at the server, once there is one. */
  fileId: string | null;
  /** False where trying again would end the same way. */
  retriable: boolean;
  hash: HashState;
}

/** `off`: nobody has asked; `done`: the sum is known, and compared once the server has its own. */
export type HashState =
  | { state: 'off' }
  | { state: 'running'; done: number }
  | { state: 'done'; sha256: string }
  | { state: 'failed'; reason: string };

export const uploads = shallowReactive<Upload[]>([]);

export const isOver = ({ state }: Upload): boolean => state === 'done' || state === 'failed';
export const isMoving = ({ state }: Upload): boolean => state === 'sending' || state === 'checking';

export const uploadsUnderWay = computed(() => uploads.filter((upload) => !isOver(upload)));
