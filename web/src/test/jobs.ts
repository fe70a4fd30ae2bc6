import type { Job } from '@/api/types';
import type { JobPages } from '@/realtime/job-patch';

/** A job for tests; only what a test is about needs to be said. */
export const aJob = (values: Partial<Job> = {}): Job => ({
  id: 'j1',
  type: 'check',
  queue: 'default',
  status: 'pending',
  priority: 5,
  attempt: 0,
  max_attempts: 5,
  worker: null,
  show_id: 's1',
  episode_id: null,
  group_key: null,
  created_by: 'u1',
  created_by_name: 'Bob',
  created_at: '2026-01-01T00:00:00.000Z',
  run_at: '2026-01-01T00:00:00.000Z',
  started_at: null,
  finished_at: null,
  cancel_requested_at: null,
  progress: null,
  message: null,
  args: {},
  error: null,
  result: null,
  retries: 0,
  episode_title: null,
  ...values,
});

export const jobPages = (...pages: { jobs: Job[]; next?: string }[]): JobPages => ({
  pages: pages.map(({ jobs, next }) => ({
    data: jobs,
    pagination: { limit: 50, next_cursor: next ?? null },
  })),
  pageParams: pages.map((_, index) => (index === 0 ? null : `c${index}`)),
});
