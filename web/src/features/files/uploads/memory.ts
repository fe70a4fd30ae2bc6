/** Uploads that have begun, kept by the browser so that they can be gone on with after the page was closed. */

export interface Remembered {
  fileId: string;
  user: string;
  episode: string;
  name: string;
  size: number;
  modified: number;
  sent: number;
  at: number;
}

const key = 'sr.uploads';
const kept = 50;
/** The server gives up what nobody goes on with for a day. */
const lifetime = 24 * 3_600_000;

function read(): Remembered[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    if (!Array.isArray(list)) return [];
    return (list as Remembered[]).filter(
      ({ fileId, at }) => typeof fileId === 'string' && at > Date.now() - lifetime,
    );
  } catch {
    return [];
  }
}

function write(list: Remembered[]): void {
  try {
    localStorage.setItem(key, JSON.stringify(list.slice(-kept)));
  } catch {
    // No storage: then nothing is offered after a reload.
  }
}

export function rememberUpload(upload: Omit<Remembered, 'at'>): void {
  write([...read().filter(({ fileId }) => fileId !== upload.fileId), { ...upload, at: Date.now() }]);
}

export function forgetUpload(fileId: string): void {
  write(read().filter((each) => each.fileId !== fileId));
}

export const remembered = (user: string, episode: string): Remembered[] =>
  read().filter((each) => each.user === user && each.episode === episode);

/** The same file as far as a browser can tell. */
export const isSameFile = (
  known: Pick<Remembered, 'name' | 'size' | 'modified'>,
  file: Pick<File, 'name' | 'size' | 'lastModified'>,
): boolean => known.name === file.name && known.size === file.size && known.modified === file.lastModified;

const lockOf = (fileId: string): string => `sr.upload.${fileId}`;

/** Tells the other tabs that this one is at it, until `signal`. */
export function holdUpload(fileId: string, signal: AbortSignal): void {
  if (!('locks' in navigator)) return;
  const until = new Promise<void>((done) => signal.addEventListener('abort', () => done()));
  void navigator.locks.request(lockOf(fileId), () => until).catch(() => undefined);
}

/** Those that no tab is at. */
export async function interrupted(user: string, episode: string): Promise<Remembered[]> {
  const list = remembered(user, episode);
  if (!list.length || !('locks' in navigator)) return list;
  const { held = [] } = await navigator.locks.query();
  const names = new Set(held.map(({ name }) => name));
  return list.filter(({ fileId }) => !names.has(lockOf(fileId)));
}
