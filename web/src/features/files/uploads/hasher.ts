import type { HashAnswer, HashOrder } from './hash-worker';
import workerUrl from './hash-worker?worker&url';

interface Pending {
  fulfil: (sha256: string) => void;
  fail: (error: Error) => void;
  progress: (done: number) => void;
}

let worker: Worker | null = null;
let lastId = 0;
const pending = new Map<number, Pending>();

/** The content policy lets scripts be named by trusted code alone; this names the one that is ours. */
function scriptUrl(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (!trustedTypes) return workerUrl;
  const policy = trustedTypes.createPolicy('showrunner-hash', { createScriptURL: () => workerUrl });
  return policy.createScriptURL('') as unknown as string;
}

interface TrustedTypes {
  createPolicy: (
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ) => { createScriptURL: (url: string) => unknown };
}

function start(): Worker {
  const made = new Worker(scriptUrl(), { type: 'module', name: 'hash' });
  made.addEventListener('message', ({ data }: MessageEvent<HashAnswer>) => settle(data));
  made.addEventListener('error', () => {
    for (const id of [...pending.keys()]) settle({ id, error: 'This browser can’t compute checksums.' });
  });
  return made;
}

function settle(answer: HashAnswer): void {
  const waiting = pending.get(answer.id);
  if (!waiting) return;
  if ('done' in answer) return waiting.progress(answer.done);
  pending.delete(answer.id);
  if ('sha256' in answer) waiting.fulfil(answer.sha256);
  else waiting.fail(new Error(answer.error));
}

/** The SHA-256 of a file, in hex, computed by a worker. Given up when `signal` says so: then it never settles. */
export function sha256Of(file: Blob, progress: (done: number) => void, signal: AbortSignal): Promise<string> {
  worker ??= start();
  const id = ++lastId;
  const order = (message: HashOrder) => worker?.postMessage(message);
  signal.addEventListener('abort', () => {
    pending.delete(id);
    order({ id, file: null });
  });
  return new Promise((fulfil, fail) => {
    pending.set(id, { fulfil, fail, progress });
    order({ id, file });
  });
}
