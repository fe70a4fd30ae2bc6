import { api, body, idempotency, record } from '@/api/client';
import { keys } from '@/api/keys';
import { asProblem } from '@/api/problem';
import { queryClient } from '@/api/query';
import type { Job, JobCreate } from '@/api/types';
import { count, plural } from '@/lib/format';
import { freshestJobs } from '@/realtime/job-live';
import { refetchSoon } from '@/realtime/live';
import type { JobPages } from '@/realtime/job-patch';
import { toast, toastError } from '@/ui/toasts';
import { canCancel, canRetry, jobStatusFacts } from './job';

/**
 * Puts what the server has answered into every list that has the job. Its events say the same again, and may have been
 * faster than the answer to what was asked at `askedAt`.
 */
function adopt(answer: Job, askedAt: number): Job {
  const job = freshestJobs([answer], askedAt)[0] ?? answer;
  queryClient.setQueryData(keys.job(job.id), job);
  queryClient.setQueryData<Job[]>(keys.jobFailures, (jobs) =>
    jobs?.map((each) => (each.id === job.id ? job : each)),
  );
  for (const [key, pages] of queryClient.getQueriesData<JobPages>({ queryKey: keys.jobLists })) {
    if (!pages?.pages.some((page) => page.data.some(({ id }) => id === job.id))) continue;
    queryClient.setQueryData<JobPages>(key, {
      ...pages,
      pages: pages.pages.map((page) => ({
        ...page,
        data: page.data.map((each) => (each.id === job.id ? job : each)),
      })),
    });
  }
  refetchSoon(queryClient, keys.jobStats);
  return job;
}

export async function createJob(values: JobCreate, key: string): Promise<Job> {
  const askedAt = performance.now();
  const job = await record(api.POST('/jobs', { body: values, params: { header: idempotency(key) } }));
  refetchSoon(queryClient, keys.jobLists);
  return adopt(job, askedAt);
}

export type JobAction = 'retry' | 'cancel';

export async function act(action: JobAction, id: string): Promise<Job> {
  const askedAt = performance.now();
  const params = { path: { id }, header: idempotency() };
  const job = await record(
    action === 'retry' ? api.POST('/jobs/{id}/retry', { params }) : api.POST('/jobs/{id}/cancel', { params }),
  );
  if (action === 'retry') refetchSoon(queryClient, keys.jobFailures);
  return adopt(job, askedAt);
}

export async function retryJob(job: Job): Promise<void> {
  try {
    await act('retry', job.id);
    toast(job.status === 'pending' ? 'The job is due now' : 'The job goes back into its queue', {
      tone: 'ok',
    });
  } catch (error) {
    toastError('The job could not be retried', error);
  }
}

export async function cancelJob(job: Job): Promise<void> {
  try {
    const after = await act('cancel', job.id);
    toast(after.status === 'cancelled' ? 'The job is cancelled' : 'The job was told to stop', { tone: 'ok' });
  } catch (error) {
    toastError('The job could not be cancelled', error);
  }
}

export interface Outcome {
  job: Job;
  ok: boolean;
  text: string;
}

const atOnce = 5;

/** Does it to each, a few at a time. Those to which it can't be done are not sent, and said to be so. */
export async function actOnMany(
  action: JobAction,
  jobs: readonly Job[],
  progress: (done: number) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const waiting = [...jobs];
  const able = action === 'retry' ? canRetry : canCancel;
  async function worker(): Promise<void> {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      outcomes.push(await actOnOne(action, job, able(job)));
      progress(outcomes.length);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker));
  return jobs.flatMap((job) => outcomes.find((outcome) => outcome.job.id === job.id) ?? []);
}

async function actOnOne(action: JobAction, job: Job, able: boolean): Promise<Outcome> {
  if (!able) {
    const state = job.cancel_requested_at
      ? 'already told to stop'
      : jobStatusFacts[job.status].label.toLowerCase();
    return { job, ok: false, text: `It is ${state}.` };
  }
  try {
    const after = await act(action, job.id);
    const text =
      action === 'retry' ? 'Back in its queue' : after.status === 'cancelled' ? 'Cancelled' : 'Told to stop';
    return { job, ok: true, text };
  } catch (error) {
    return { job, ok: false, text: asProblem(error).message };
  }
}

export type DeadFilter = { ids: string[] } | { type?: string; queue?: string; episode_id?: string };

const countedPages = 10;

/** How many dead letters match; "1,000+" where counting further is not worth it. */
export async function countDead(filter: {
  type?: string;
  queue?: string;
  episode_id?: string;
}): Promise<string> {
  let total = 0;
  let cursor: string | undefined;
  for (let page = 0; page < countedPages; page++) {
    const query = { ...filter, limit: 100, cursor };
    const { data, pagination } = await body(api.GET('/jobs/dead', { params: { query } }));
    total += data.length;
    if (!pagination.next_cursor) return count(total);
    cursor = pagination.next_cursor;
  }
  return `${count(total)}+`;
}

/** At most a thousand a request, so for all of them it is asked until none is left. */
export async function retryDead(which: DeadFilter): Promise<number | null> {
  const before = new Date().toISOString();
  let total = 0;
  try {
    for (;;) {
      const values = 'ids' in which ? which : { ...which, before };
      const { retried } = await record(api.POST('/jobs/dead/retry', { body: values }));
      total += retried;
      if ('ids' in which || retried < 1_000) break;
    }
  } catch (error) {
    const detail = total ? ` after ${count(total)}` : '';
    toastError(`Retrying stopped${detail}`, error);
    return null;
  } finally {
    void queryClient.invalidateQueries({ queryKey: keys.jobLists });
    refetchSoon(queryClient, keys.jobStats);
    refetchSoon(queryClient, keys.jobFailures);
  }
  const asked = 'ids' in which ? which.ids.length : total;
  toast(`${plural(total, 'job')} retried`, {
    tone: 'ok',
    detail: asked > total ? `${count(asked - total)} could not be: gone, or not yours to retry.` : undefined,
  });
  return total;
}

export async function deleteSchedule(id: string): Promise<void> {
  await body(api.DELETE('/jobs/schedules/{id}', { params: { path: { id } } }));
  refetchSoon(queryClient, keys.jobSchedules, 0);
}
