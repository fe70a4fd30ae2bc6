import type { Job, JobQueue, JobWorker } from '@/api/types';

/** A worker writes its heartbeat every few seconds at most; quicker pollers are not heard of more often. */
const beat = 5_000;

/** Not heard of for three intervals. */
export const isSilent = (worker: JobWorker, now: number): boolean =>
  now - Date.parse(worker.heartbeat_at) > 3 * Math.max(beat, worker.poll_interval_ms);

/** No list of queues means all of them. */
export const worksQueue = ({ queues }: JobWorker, queue: string): boolean =>
  queues.length === 0 || queues.includes(queue);

/** Queues in which jobs are due, and that nobody works. One that is paused is so on purpose. */
export function unworkedQueues(
  pending: readonly Job[],
  workers: readonly JobWorker[],
  queues: readonly JobQueue[],
  now: number,
): string[] {
  const alive = workers.filter((worker) => !isSilent(worker, now));
  const paused = new Set(queues.filter(({ paused }) => paused).map(({ name }) => name));
  const due = pending.filter(({ status, run_at }) => status === 'pending' && Date.parse(run_at) <= now);
  const names = new Set(due.map(({ queue }) => queue));
  return [...names]
    .filter((name) => !paused.has(name) && !alive.some((worker) => worksQueue(worker, name)))
    .sort();
}
