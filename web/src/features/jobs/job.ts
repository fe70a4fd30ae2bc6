import { Ban, CircleCheck, CircleDashed, CirclePlay, CircleX } from '@lucide/vue';
import type { Component } from 'vue';
import type { Job, JobStatus } from '@/api/types';
import type { Tone } from '@/features/episodes/status';
import { durationText } from '@/lib/time';

interface StatusFacts {
  label: string;
  tone: Tone;
  icon: Component;
}

/** In the order of a job's life. */
export const jobStatuses = ['pending', 'processing', 'failed', 'cancelled', 'completed'] as const;

export const jobStatusFacts: Record<JobStatus, StatusFacts> = {
  pending: { label: 'Queued', tone: 'neutral', icon: CircleDashed },
  processing: { label: 'Running', tone: 'info', icon: CirclePlay },
  completed: { label: 'Done', tone: 'ok', icon: CircleCheck },
  failed: { label: 'Failed', tone: 'danger', icon: CircleX },
  cancelled: { label: 'Cancelled', tone: 'neutral', icon: Ban },
};

export const isJobStatus = (value: string): value is JobStatus => Object.hasOwn(jobStatusFacts, value);

/** It waits because an attempt has failed. */
export const isRetrying = (job: Job): boolean => job.status === 'pending' && job.attempt > 0;

export const isOver = ({ status }: Pick<Job, 'status'>): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled';

export const canRetry = ({ status }: Pick<Job, 'status'>): boolean =>
  status === 'failed' || status === 'cancelled' || status === 'pending';

/** One that has been told to stop need not be told twice. */
export const canCancel = (job: Pick<Job, 'status' | 'cancel_requested_at'>): boolean =>
  job.status === 'pending' || (job.status === 'processing' && !job.cancel_requested_at);

/** What a person who retries it does: a waiting job is only hurried up. */
export const retryLabel = ({ status }: Pick<Job, 'status'>): string =>
  status === 'pending' ? 'Run now' : 'Retry';

/** How long it has run, or ran: null before it began. */
export function runTime(job: Job, now: number): number | null {
  if (!job.started_at || job.status === 'pending') return null;
  const end = job.finished_at ? Date.parse(job.finished_at) : isOver(job) ? null : now;
  return end === null ? null : Math.max(0, end - Date.parse(job.started_at));
}

const etaFrom = 3; // percent: before, a guess says nothing
const etaAfter = 2_000; // ms

/** How long it will still run, if it goes on as it has so far; null while nobody can say. */
export function timeLeft(job: Job, now: number): number | null {
  const ran = runTime(job, now);
  const { progress } = job;
  if (job.status !== 'processing' || ran === null || progress === null) return null;
  if (progress < etaFrom || progress >= 100 || ran < etaAfter) return null;
  return (ran * (100 - progress)) / progress;
}

/** "12 s left"; an estimate is not told in tenths. */
export function timeLeftText(job: Job, now: number): string {
  const left = timeLeft(job, now);
  return left === null ? '' : `${durationText(Math.max(1_000, Math.round(left / 1_000) * 1_000))} left`;
}

/** Until it may run: 0 when it is due; null when it does not wait. */
export function untilDue(job: Job, now: number): number | null {
  return job.status === 'pending' ? Math.max(0, Date.parse(job.run_at) - now) : null;
}

/** What a job that waits waits for, in words. */
export function waitText(job: Job, now: number): string {
  const wait = untilDue(job, now);
  if (wait === null) return '';
  const seconds = Math.ceil(wait / 1_000) * 1_000;
  if (isRetrying(job)) return wait > 0 ? `next try in ${durationText(seconds)}` : 'next try is due';
  return wait > 0 ? `starts in ${durationText(seconds)}` : '';
}

interface Failure {
  code: string;
  message: string;
}

/** The API leaves open what an error is; the server writes a code and a message. */
export function failureOf(error: Record<string, unknown> | null): Failure | null {
  if (!error) return null;
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return { code: text(error.code), message: text(error.message) || 'No reason was given.' };
}

/** "2/5"; nothing before the first. */
export const attemptText = (job: Job): string => (job.attempt ? `${job.attempt}/${job.max_attempts}` : '–');
