import { expect, it } from 'vitest';
import type { JobWorker } from '@/api/types';
import { aJob } from '@/test/jobs';
import { isSilent, unworkedQueues } from './workers';

const now = Date.parse('2026-01-01T00:10:00.000Z');
const worker = (age: number, queues: string[] = ['default']): JobWorker => ({
  id: 'w',
  name: 'w',
  kind: 'server',
  queues,
  concurrency: 10,
  running: 0,
  poll_interval_ms: 1_000,
  started_at: '2026-01-01T00:00:00.000Z',
  heartbeat_at: new Date(now - age).toISOString(),
});

it('is silent after three intervals, but not because it polls more often than it is heard of', () => {
  expect(isSilent(worker(14_000), now)).toBe(false);
  expect(isSilent(worker(16_000), now)).toBe(true);
  expect(isSilent({ ...worker(16_000), poll_interval_ms: 20_000 }, now)).toBe(false);
});

it('finds queues with due jobs that nobody works', () => {
  const jobs = [
    aJob(),
    aJob({ queue: 'render' }),
    aJob({ queue: 'later', run_at: '2027-01-01T00:00:00.000Z' }),
  ];
  expect(unworkedQueues(jobs, [worker(0)], [], now)).toEqual(['render']);
  expect(unworkedQueues(jobs, [worker(60_000)], [], now)).toEqual(['default', 'render']);
  expect(unworkedQueues(jobs, [worker(0, [])], [], now)).toEqual([]);
  const paused = {
    name: 'render',
    paused: true,
    concurrency: null,
    group_concurrency: null,
    rate_per_minute: null,
  };
  expect(unworkedQueues(jobs, [worker(0)], [paused], now)).toEqual([]);
});
