import { describe, expect, it } from 'vitest';
import type { Job } from '@/api/types';
import { aJob, jobPages } from '@/test/jobs';
import {
  byJob,
  coalesceJobs,
  mergeHead,
  patchJob,
  patchJobPages,
  toJobPatch,
  toProgressPatch,
  type JobEventName,
  type JobPatch,
  type JobPayload,
} from './job-patch';

const at = '2026-01-01T00:01:00.000Z';

function patch(name: JobEventName, payload: JobPayload = {}): JobPatch {
  const made = toJobPatch(name, { jobId: 'j1', type: 'check', timestamp: at, ...payload });
  if (!made) throw new Error('no patch');
  return made;
}
function progress(values: { progress?: number; message?: string; logged?: boolean }): JobPatch {
  const made = toProgressPatch({ jobId: 'j1', ...values });
  if (!made) throw new Error('no patch');
  return made;
}
const after = (job: Job, ...patches: JobPatch[]) => patches.reduce(patchJob, job);

describe('toJobPatch', () => {
  it('makes nothing of a payload without a job', () => {
    expect(toJobPatch('job_started', {})).toBeNull();
    expect(toProgressPatch({})).toBeNull();
  });
});

describe('patchJob', () => {
  const waiting = aJob();
  const running = aJob({ status: 'processing', attempt: 1, started_at: '2026-01-01T00:00:30.000Z' });
  const failed = aJob({
    status: 'failed',
    attempt: 5,
    finished_at: at,
    retries: 1,
    error: { message: 'No' },
  });

  it('goes through a whole life', () => {
    const begun = after(waiting, patch('job_started', { attempt: 1 }));
    expect(begun).toMatchObject({ status: 'processing', attempt: 1, started_at: at });
    const half = after(begun, progress({ progress: 50, message: 'half' }));
    expect(half).toMatchObject({ progress: 50, message: 'half' });
    const again = after(half, patch('job_retry', { retryCount: 1, delay: 4_000, error: 'Broken' }));
    expect(again).toMatchObject({
      status: 'pending',
      attempt: 1,
      run_at: '2026-01-01T00:01:04.000Z',
      error: { message: 'Broken' },
      progress: null,
    });
    const second = after(again, patch('job_started', { attempt: 2 }));
    expect(second).toMatchObject({ status: 'processing', attempt: 2, progress: null });
    const done = after(second, patch('job_completed', { results: { files: 2 } }));
    expect(done).toMatchObject({ status: 'completed', finished_at: at, result: { files: 2 } });
  });
  it('takes a dead one back to its beginning, and only once for one wish', () => {
    const revived = after(failed, patch('job_retried', { retryCount: 2 }));
    expect(revived).toMatchObject({ status: 'pending', attempt: 0, retries: 2, finished_at: null });
    expect(after(revived, patch('job_retried', { retryCount: 2 }))).toBe(revived);
  });
  it('hurries one that waits, and leaves its attempts', () => {
    const tried = aJob({ attempt: 2, run_at: '2026-01-01T01:00:00.000Z' });
    expect(after(tried, patch('job_retried', { retryCount: 1 }))).toMatchObject({
      attempt: 2,
      run_at: at,
      retries: 1,
    });
  });
  it.each([
    ['job_started', { attempt: 1 }],
    ['job_retry', { retryCount: 1 }],
    ['job_failed', { error: 'Late' }],
    ['job_cancelled', {}],
    ['job_completed', {}],
  ] as const)('takes %s for an echo when the job is over', (name, payload) => {
    expect(after(failed, patch(name, payload))).toBe(failed);
  });
  it('is not taken back by what is older than the attempt', () => {
    const third = aJob({ status: 'processing', attempt: 3 });
    expect(after(third, patch('job_started', { attempt: 2 }))).toBe(third);
    expect(after(third, patch('job_started', { attempt: 3 }))).toBe(third);
    expect(after(third, patch('job_retry', { retryCount: 2 }))).toBe(third);
  });
  it('ends where the server ended, whatever state was read before its events', () => {
    // Read after a retry, while the events from before it are still to come.
    const events = [
      patch('job_failed', { error: 'First time' }),
      patch('job_retried', { retryCount: 1 }),
      patch('job_started', { attempt: 1 }),
      patch('job_completed', {}),
    ];
    const revived = aJob({ retries: 1 });
    for (const read of [revived, { ...revived, status: 'processing' as const, attempt: 1 }])
      expect(after(read, ...events)).toMatchObject({ status: 'completed', retries: 1 });
    const completed = aJob({ status: 'completed', retries: 1, attempt: 1 });
    expect(after(completed, ...events)).toBe(completed);
  });
  it('draws progress only while it runs', () => {
    expect(after(waiting, progress({ progress: 10 }))).toBe(waiting);
    expect(after(failed, progress({ progress: 10 }))).toBe(failed);
    const told = after(running, progress({ message: 'reading' }));
    expect(told).toMatchObject({ progress: null, message: 'reading' });
  });
});

describe('coalesceJobs', () => {
  it('keeps the newest progress, and that something was logged', () => {
    const first = progress({ progress: 10, message: 'a', logged: true });
    const second = progress({ progress: 20 });
    expect(coalesceJobs(first, second)).toMatchObject({ progress: 20, message: 'a', logged: true });
  });
  it('never joins what is on record', () => {
    expect(coalesceJobs(patch('job_started'), patch('job_completed'))).toBeNull();
    expect(coalesceJobs(progress({ progress: 1 }), patch('job_completed'))).toBeNull();
  });
});

describe('patchJobPages', () => {
  it('changes the job and nothing else', () => {
    const pages = jobPages(
      { jobs: [aJob({ id: 'j2' }), aJob()], next: 'c1' },
      { jobs: [aJob({ id: 'j0' })] },
    );
    const next = patchJobPages(pages, byJob([patch('job_started', { attempt: 1 })]));
    expect(next.pages[0]?.data.map(({ status }) => status)).toEqual(['pending', 'processing']);
    expect(next.pages[1]).toBe(pages.pages[1]);
    expect(patchJobPages(next, byJob([patch('job_started', { attempt: 1 })]))).toBe(next);
  });
});

describe('mergeHead', () => {
  const jobs = (...ids: string[]) => ids.map((id) => aJob({ id }));
  const page = (ids: string[], next: string | null = 'next') => ({
    data: jobs(...ids),
    pagination: { limit: 3, next_cursor: next },
  });
  const ids = (pages: ReturnType<typeof mergeHead>) =>
    pages.pages.map(({ data }) => data.map(({ id }) => id));

  it('puts new ones on top and keeps what is older', () => {
    const pages = jobPages(
      { jobs: jobs('7', '6', '5'), next: 'c1' },
      { jobs: jobs('4', '3', '2'), next: 'c2' },
    );
    const merged = mergeHead(pages, page(['8', '7', '6']));
    expect(ids(merged)).toEqual([
      ['8', '7', '6', '5'],
      ['4', '3', '2'],
    ]);
    expect(merged.pageParams).toEqual([null, 'c1']);
    expect(merged.pages[0]?.pagination.next_cursor).toBe('c1');
  });
  it('takes out what no longer belongs', () => {
    const pages = jobPages({ jobs: jobs('7', '6', '5', '4'), next: 'c1' });
    expect(ids(mergeHead(pages, page(['7', '5'])))).toEqual([['7', '5', '4']]);
  });
  it('starts anew when there is a gap, or when the page is all there is', () => {
    const pages = jobPages({ jobs: jobs('3', '2', '1') });
    expect(ids(mergeHead(pages, page(['9', '8', '7'])))).toEqual([['9', '8', '7']]);
    expect(ids(mergeHead(pages, page(['4', '3'], null)))).toEqual([['4', '3']]);
    expect(ids(mergeHead(pages, page([], null)))).toEqual([[]]);
  });
  it('drops a page that the new one covers', () => {
    const pages = jobPages({ jobs: jobs('7', '6'), next: 'c1' }, { jobs: jobs('5', '4'), next: 'c2' });
    const merged = mergeHead(pages, page(['8', '7', '6', '5']));
    expect(ids(merged)).toEqual([['8', '7', '6', '5', '4']]);
    expect(merged.pages[0]?.pagination.next_cursor).toBe('c2');
  });
});
