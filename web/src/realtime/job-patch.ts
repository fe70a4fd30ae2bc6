import type { InfiniteData } from '@tanstack/vue-query';
import type { Job, Page } from '@/api/types';

/**
 * What an event about a job does to the job in the cache. Pure, like `patch.ts`. Jobs have no version; what an event
 * may do follows from the job's state instead: an event that is impossible in it is an echo of something that the
 * record shows already.
 */

export const jobEvents = [
  'job_created',
  'job_started',
  'job_completed',
  'job_retry',
  'job_failed',
  'job_retried',
  'job_cancelled',
] as const;
export type JobEventName = (typeof jobEvents)[number];

/** The payload as it arrives. Fields may be missing, so nothing is taken on trust. */
export interface JobPayload {
  timestamp?: string;
  actor?: { id: string; name: string } | null;
  jobId?: string;
  type?: string;
  episodeId?: string | null;
  attempt?: number;
  results?: Record<string, unknown> | null;
  retryCount?: number;
  delay?: number;
  error?: string;
}

export interface JobProgressPayload {
  jobId?: string;
  progress?: number | null;
  message?: string | null;
  logged?: boolean;
}

interface Base {
  id: string;
  at: string;
}
export type JobPatch = Base &
  (
    | { op: 'created'; type: string; episodeId: string | null }
    | { op: 'started'; attempt: number }
    | { op: 'completed'; result: Record<string, unknown> | null }
    | { op: 'waits'; attempt: number; runAt: string; error: string }
    | { op: 'failed'; error: string }
    | { op: 'retried'; retries: number }
    | { op: 'cancelled' }
    | { op: 'progress'; progress: number | null; message: string | null; logged: boolean }
  );

/** Null for an event that says nothing about a job we could know. */
export function toJobPatch(name: JobEventName, payload: JobPayload): JobPatch | null {
  if (!payload.jobId) return null;
  const base = { id: payload.jobId, at: payload.timestamp ?? new Date().toISOString() };
  switch (name) {
    case 'job_created':
      return { ...base, op: 'created', type: payload.type ?? '', episodeId: payload.episodeId ?? null };
    case 'job_started':
      return { ...base, op: 'started', attempt: payload.attempt ?? 1 };
    case 'job_completed':
      return { ...base, op: 'completed', result: payload.results ?? null };
    case 'job_retry':
      return {
        ...base,
        op: 'waits',
        attempt: payload.retryCount ?? 1,
        runAt: new Date(Date.parse(base.at) + (payload.delay ?? 0)).toISOString(),
        error: payload.error ?? '',
      };
    case 'job_failed':
      return { ...base, op: 'failed', error: payload.error ?? '' };
    case 'job_retried':
      return { ...base, op: 'retried', retries: payload.retryCount ?? 1 };
    case 'job_cancelled':
      return { ...base, op: 'cancelled' };
  }
}

export function toProgressPatch(payload: JobProgressPayload): JobPatch | null {
  if (!payload.jobId) return null;
  const { jobId: id, progress = null, message = null, logged = false } = payload;
  return { id, at: '', op: 'progress', progress, message, logged };
}

/** Only progress is superseded by what comes after it. */
export function coalesceJobs(earlier: JobPatch, later: JobPatch): JobPatch | null {
  if (earlier.op !== 'progress' || later.op !== 'progress') return null;
  return {
    ...later,
    progress: later.progress ?? earlier.progress,
    message: later.message ?? earlier.message,
    logged: earlier.logged || later.logged,
  };
}

/** The job after the patch; the very same object when the patch says nothing new. */
export function patchJob(job: Job, patch: JobPatch): Job {
  const over = job.status !== 'pending' && job.status !== 'processing';
  const end = { finished_at: patch.at, cancel_requested_at: null };
  switch (patch.op) {
    case 'created':
      return job;
    case 'retried':
      return retried(job, patch.retries, patch.at, over);
    case 'progress':
      if (job.status !== 'processing') return job;
      return { ...job, progress: patch.progress ?? job.progress, message: patch.message ?? job.message };
    case 'started':
      if (
        over ||
        patch.attempt < job.attempt ||
        (job.status === 'processing' && patch.attempt === job.attempt)
      )
        return job;
      return {
        ...job,
        status: 'processing',
        attempt: patch.attempt,
        started_at: patch.at,
        progress: null,
        message: null,
      };
    case 'waits':
      if (over || patch.attempt < job.attempt || (job.status === 'pending' && patch.attempt === job.attempt))
        return job;
      return {
        ...job,
        status: 'pending',
        attempt: patch.attempt,
        run_at: patch.runAt,
        error: { message: patch.error },
        progress: null,
      };
    case 'completed':
      if (over) return job;
      return { ...job, ...end, status: 'completed', progress: 100, result: patch.result };
    case 'failed':
      if (over) return job;
      return {
        ...job,
        ...end,
        status: 'failed',
        error: { message: patch.error },
      };
    case 'cancelled':
      return over ? job : { ...job, ...end, status: 'cancelled' };
  }
}

function retried(job: Job, retries: number, at: string, over: boolean): Job {
  if (retries < job.retries || (retries === job.retries && !over) || job.status === 'completed') return job;
  if (!over) return job.status === 'pending' ? { ...job, retries, run_at: at } : { ...job, retries };
  return {
    ...job,
    retries,
    status: 'pending',
    attempt: 0,
    run_at: at,
    started_at: null,
    finished_at: null,
    progress: null,
    message: null,
    result: null,
  };
}

export type JobPages = InfiniteData<Page<Job>, string | null>;

/** The pages with every job patched that is in them; the very same object when none changed. */
export function patchJobPages(pages: JobPages, patches: ReadonlyMap<string, readonly JobPatch[]>): JobPages {
  let changed = false;
  const next = pages.pages.map((page) => {
    const data = patchJobs(page.data, patches);
    if (data === page.data) return page;
    changed = true;
    return { ...page, data };
  });
  return changed ? { ...pages, pages: next } : pages;
}

export function patchJobs(jobs: Job[], patches: ReadonlyMap<string, readonly JobPatch[]>): Job[] {
  let changed = false;
  const next = jobs.map((job) => {
    const patched = (patches.get(job.id) ?? []).reduce(patchJob, job);
    changed ||= patched !== job;
    return patched;
  });
  return changed ? next : jobs;
}

export function byJob(patches: readonly JobPatch[]): Map<string, JobPatch[]> {
  const map = new Map<string, JobPatch[]>();
  for (const patch of patches) {
    const list = map.get(patch.id);
    if (list) list.push(patch);
    else map.set(patch.id, [patch]);
  }
  return map;
}

/**
 * The list with its newest page as it is now. Ids grow with time, and the list is newest first: what lies within the
 * range of the new page is replaced by it, what is older stays as it was loaded.
 */
export function mergeHead(pages: JobPages, head: Page<Job>): JobPages {
  const oldest = head.data.at(-1)?.id;
  if (!head.pagination.next_cursor || oldest === undefined) return { pages: [head], pageParams: [null] };
  const older = pages.pages.map((page) => page.data.filter(({ id }) => id < oldest));
  const first = pages.pages.findIndex((_, index) => older[index]?.length);
  // A gap: more has happened than a page holds, so the rest is read anew when it is scrolled to.
  const touching = pages.pages.some((page) => page.data.some(({ id }) => id >= oldest));
  if (first < 0 || !touching) return { pages: [head], pageParams: [null] };
  const [next] = pages.pages.slice(first);
  const joined = {
    data: [...head.data, ...(older[first] ?? [])],
    pagination: next?.pagination ?? head.pagination,
  };
  return {
    pages: [joined, ...pages.pages.slice(first + 1)],
    pageParams: [null, ...pages.pageParams.slice(first + 1)],
  };
}
