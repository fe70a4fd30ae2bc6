import { Sha256 } from './sha256';

/** Hashes files beside the page, one after the other. What has been given up is not read on. */

export type HashOrder = { id: number; file: Blob } | { id: number; file: null };
export type HashAnswer =
  { id: number; done: number } | { id: number; sha256: string } | { id: number; error: string };

const partBytes = 4 * 2 ** 20;
const reportTime = 200;
const waiting = new Map<number, Blob>();
let busy = false;

addEventListener('message', ({ data }: MessageEvent<HashOrder>) => {
  if (data.file) waiting.set(data.id, data.file);
  else waiting.delete(data.id);
  if (!busy) void work();
});

const answer = (message: HashAnswer): void => postMessage(message);

async function work(): Promise<void> {
  busy = true;
  for (let next = first(); next; next = first()) {
    const [id, file] = next;
    try {
      const sha256 = await hash(id, file);
      if (sha256) answer({ id, sha256 });
    } catch {
      answer({ id, error: 'The file can’t be read any more.' });
    }
    waiting.delete(id);
  }
  busy = false;
}

const first = () => waiting.entries().next().value;

async function hash(id: number, file: Blob): Promise<string | null> {
  const running = new Sha256();
  let reported = performance.now();
  for (let at = 0; at < file.size; at += partBytes) {
    const part = await file.slice(at, at + partBytes).arrayBuffer();
    if (!waiting.has(id)) return null;
    running.update(new Uint8Array(part));
    if (performance.now() - reported < reportTime) continue;
    reported = performance.now();
    answer({ id, done: at + part.byteLength });
  }
  return running.digest();
}
