import { shallowReactive, watch } from 'vue';
import { api, body, idempotency, record } from '@/api/client';
import { asProblem, ProblemError } from '@/api/problem';
import { queryClient } from '@/api/query';
import type { FileLimits, FileRecord } from '@/api/types';
import { useSession } from '@/features/auth/session';
import { randomId } from '@/lib/client-id';
import { onFilePatch } from '@/realtime/file-live';
import { useConnection } from '@/realtime/connection';
import { refetchSoon } from '@/realtime/live';
import { keys } from '@/api/keys';
import { adoptFile } from '../actions';
import { refusal } from '../file';
import { fetchFile } from '../queries';
import { backoff, remedyOf, sentenceOf } from './failure';
import { sha256Of } from './hasher';
import { forgetUpload, holdUpload, isSameFile, remembered, rememberUpload } from './memory';
import { Speed } from './speed';
import { isMoving, isOver, uploads, uploadsUnderWay, type Upload } from './state';
import { judge } from './verified';

const atOnce = 3;
/** Above this a checksum is computed only when somebody asks. */
export const hashedUnasked = 2 ** 30;
const rememberTime = 2_000;
const shownTime = 100;
/** A connection over which nothing has gone for so long is as good as lost. */
const stallTime = 30_000;

/** What an upload has beside what is shown of it. */
interface Works {
  intent: string;
  attempt: number;
  stop: AbortController | null;
  hash: AbortController;
  timer: ReturnType<typeof setTimeout> | undefined;
  speed: Speed;
  rememberedAt: number;
  shownAt: number;
}

/** Loaded while there is a server to load it from: it is needed most when there is none. */
let transfer: Promise<typeof import('./transfer')> | null = null;
export const loadTransfer = () => (transfer ??= import('./transfer'));

const works = new Map<Upload, Works>();
let lastKey = 0;
let watching = false;

export function addUploads(
  files: Iterable<File>,
  episode: { id: string; title: string },
  limits: FileLimits | undefined,
): void {
  startWatching();
  const user = useSession().user?.id ?? '';
  const known = remembered(user, episode.id);
  for (const file of files) {
    const before = known.find((each) => isSameFile(each, file));
    if (before && uploads.some(({ fileId }) => fileId === before.fileId)) continue;
    const problem = refusal(file, limits);
    const upload = shallowReactive<Upload>({
      key: ++lastKey,
      file,
      episode,
      state: problem ? 'failed' : 'queued',
      sent: before?.sent ?? 0,
      speed: null,
      problem,
      note: before ? 'Goes on with what was sent before.' : null,
      retryAt: 0,
      fileId: before?.fileId ?? null,
      retriable: !problem,
      hash: { state: 'off' },
    });
    works.set(upload, newWorks());
    uploads.push(upload);
  }
  pump();
}

const newWorks = (): Works => ({
  intent: randomId(),
  attempt: 0,
  stop: null,
  hash: new AbortController(),
  timer: undefined,
  speed: new Speed(),
  rememberedAt: 0,
  shownAt: 0,
});

export function pauseUpload(upload: Upload): void {
  if (isOver(upload)) return;
  halt(upload);
  upload.state = 'paused';
  pump();
}

export function resumeUpload(upload: Upload): void {
  if (upload.state !== 'paused' && upload.state !== 'waiting') return;
  queue(upload);
}

export function retryUpload(upload: Upload): void {
  if (upload.state !== 'failed' || !upload.retriable) return;
  beginAnew(upload);
  queue(upload);
}

/** What was sent of it goes as well. */
export async function cancelUpload(upload: Upload): Promise<void> {
  const { fileId } = upload;
  const unfinished = !isOver(upload);
  dismissUpload(upload);
  if (!fileId || !unfinished) return;
  forgetUpload(fileId);
  await discard(fileId);
}

/** Best effort: what stays behind fails by itself within a day. */
export async function discard(fileId: string): Promise<void> {
  forgetUpload(fileId);
  const params = { path: { id: fileId } };
  await body(api.DELETE('/uploads/{id}', { params, headers: { 'Tus-Resumable': '1.0.0' } })).catch(
    () => undefined,
  );
  refetchSoon(queryClient, keys.fileLists, 0);
}

/** Takes it from the list of uploads. */
export function dismissUpload(upload: Upload): void {
  halt(upload);
  works.get(upload)?.hash.abort();
  works.delete(upload);
  const index = uploads.indexOf(upload);
  if (index >= 0) uploads.splice(index, 1);
  pump();
}

function queue(upload: Upload): void {
  clearTimeout(works.get(upload)?.timer);
  upload.state = 'queued';
  upload.problem = null;
  pump();
}

function pump(): void {
  let free = atOnce - uploads.filter(isMoving).length;
  for (const upload of uploads) {
    if (free <= 0) return;
    if (upload.state !== 'queued') continue;
    free--;
    void run(upload);
  }
}

function halt(upload: Upload): void {
  const work = works.get(upload);
  clearTimeout(work?.timer);
  work?.stop?.abort();
  if (work) work.stop = null;
  upload.speed = null;
}

async function run(upload: Upload): Promise<void> {
  const work = works.get(upload);
  if (!work) return;
  const stop = new AbortController();
  work.stop = stop;
  work.speed.reset();
  upload.state = 'sending';
  upload.problem = null;
  if (upload.file.size <= hashedUnasked) void computeHash(upload);
  try {
    const fileId = upload.fileId ?? (await announce(upload, work));
    if (stop.signal.aborted) return;
    const { sendRest } = await loadTransfer();
    holdUpload(fileId, stop.signal);
    const stalled = watchForStall(upload, stop);
    await Promise.race([
      sendRest(upload.file, fileId, (sent) => onProgress(upload, work, sent), stop.signal),
      stalled,
    ]);
    if (stop.signal.aborted) return;
    upload.state = 'checking';
    const file = await settled(upload, fileId);
    if (!stop.signal.aborted) finish(upload, file);
  } catch (error) {
    if (!stop.signal.aborted) onFailure(upload, work, asProblem(error));
  } finally {
    stop.abort();
    pump();
  }
}

/** The intent names the request: asked again after a lost answer, the server makes no second record. */
async function announce(upload: Upload, work: Works): Promise<string> {
  const { file, episode } = upload;
  const values = {
    episode_id: episode.id,
    name: file.name,
    bytes: file.size,
    media_type: file.type || undefined,
    method: 'tus' as const,
  };
  const created = await record(
    api.POST('/files', { body: values, params: { header: idempotency(work.intent) } }),
  );
  upload.fileId = created.file.id;
  if (works.has(upload)) adoptFile(created.file);
  else void discard(created.file.id); // cancelled while the server was asked
  keepInMind(upload, work);
  return created.file.id;
}

function onProgress(upload: Upload, work: Works, sent: number): void {
  const now = performance.now();
  work.attempt = 0;
  work.speed.add(sent, now);
  if (now - work.shownAt < shownTime && sent < upload.file.size) return;
  work.shownAt = now;
  upload.sent = sent;
  upload.speed = work.speed.rate();
  if (now - work.rememberedAt > rememberTime) keepInMind(upload, work);
}

function keepInMind(upload: Upload, work: Works): void {
  const user = useSession().user?.id;
  if (!user || !upload.fileId || !works.has(upload)) return;
  work.rememberedAt = performance.now();
  const { file, episode, fileId, sent } = upload;
  const { name, size, lastModified: modified } = file;
  rememberUpload({ fileId, user, episode: episode.id, name, size, modified, sent });
}

function watchForStall(upload: Upload, stop: AbortController): Promise<never> {
  return new Promise((_, reject) => {
    let last = { sent: -1, at: performance.now() };
    const timer = setInterval(() => {
      if (upload.sent !== last.sent || upload.sent >= upload.file.size)
        last = { sent: upload.sent, at: performance.now() };
      if (performance.now() - last.at < stallTime) return;
      const problem = new ProblemError({ status: 0, code: 'STALLED', title: 'Nothing gets through.' });
      reject(problem);
    }, 1_000);
    stop.signal.addEventListener('abort', () => clearInterval(timer));
  });
}

/** The record after everything was sent. The server may have died between the last byte and its end. */
async function settled(upload: Upload, fileId: string): Promise<FileRecord> {
  const file = await fetchFile(fileId);
  if (file.state !== 'uploading') return file;
  await body(
    api.PATCH('/uploads/{id}', {
      params: { path: { id: fileId } },
      headers: {
        'Tus-Resumable': '1.0.0',
        'Upload-Offset': String(upload.file.size),
        'Content-Type': 'application/offset+octet-stream',
      },
    }),
  );
  return fetchFile(fileId);
}

function finish(upload: Upload, file: FileRecord): void {
  adoptFile(file);
  forgetUpload(file.id);
  upload.speed = null;
  if (file.state === 'ready') {
    upload.state = 'done';
    upload.sent = upload.file.size;
    upload.note = null;
    compare(upload, file);
    return;
  }
  upload.state = 'failed';
  upload.problem = file.error?.message ?? 'The server did not take it.';
}

function onFailure(upload: Upload, work: Works, problem: ProblemError): void {
  upload.speed = null;
  const remedy = remedyOf(problem, upload.fileId !== null);
  if (remedy === 'anew') {
    beginAnew(upload);
    upload.note = 'What was sent before is gone; begun anew.';
    return queue(upload);
  }
  upload.problem = sentenceOf(problem);
  if (remedy === 'give up') {
    if (upload.fileId) forgetUpload(upload.fileId);
    upload.state = 'failed';
    return;
  }
  const wait = backoff(problem, ++work.attempt, Math.random());
  upload.state = 'waiting';
  upload.retryAt = Date.now() + wait;
  work.timer = setTimeout(() => queue(upload), wait);
}

function beginAnew(upload: Upload): void {
  const work = works.get(upload);
  if (work) work.intent = randomId();
  if (upload.fileId) forgetUpload(upload.fileId);
  upload.fileId = null;
  upload.sent = 0;
  upload.note = null;
}

/** Computes the checksum here, and compares it once the server has said its own. */
export async function computeHash(upload: Upload): Promise<void> {
  const work = works.get(upload);
  if (!work || upload.hash.state === 'running' || upload.hash.state === 'done') return;
  upload.hash = { state: 'running', done: 0 };
  try {
    const sha256 = await sha256Of(
      upload.file,
      (done) => (upload.hash = { state: 'running', done }),
      work.hash.signal,
    );
    upload.hash = { state: 'done', sha256 };
    if (upload.state === 'done' && upload.fileId) compare(upload, await fetchFile(upload.fileId));
  } catch (error) {
    upload.hash = { state: 'failed', reason: error instanceof Error ? error.message : 'It failed.' };
  }
}

function compare(upload: Upload, file: FileRecord): void {
  if (upload.hash.state !== 'done' || !file.sha256) return;
  judge(file.id, upload.hash.sha256 === file.sha256 ? 'same' : 'different');
}

/** Those that wait need not wait any longer. */
function wake(): void {
  for (const upload of uploads) if (upload.state === 'waiting') queue(upload);
}

function startWatching(): void {
  if (watching) return;
  watching = true;
  const connection = useConnection();
  watch(
    () => connection.live,
    (live) => live && wake(),
  );
  addEventListener('online', wake);
  addEventListener('offline', () => {
    for (const upload of uploads.filter(isMoving)) {
      const work = works.get(upload);
      halt(upload);
      if (work) onFailure(upload, work, asProblem(new TypeError('offline')));
    }
  });
  addEventListener('beforeunload', (event) => {
    if (uploadsUnderWay.value.length) event.preventDefault();
  });
  onFilePatch((patch) => {
    const upload = uploads.find(({ fileId }) => fileId === patch.id);
    if (patch.op !== 'deleted' || !upload || isOver(upload)) return;
    halt(upload);
    beginAnew(upload);
    upload.state = 'failed';
    upload.problem = 'It was deleted while it was being sent.';
    pump();
  });
}
