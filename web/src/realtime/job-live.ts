import type { QueryClient } from '@tanstack/vue-query';
import { keys } from '@/api/keys';
import type { Job } from '@/api/types';
import { eventCount, refetchSoon } from './live';
import { byJob, patchJob, patchJobPages, patchJobs, type JobPages, type JobPatch } from './job-patch';

/** Counters are counted by the server; under a stream of events they are asked for this often. */
const countTime = 1_000;
const memory = 2_000;

/** The last patches and when they came, to bring answers up to date that were read before them. */
const latest: { patch: JobPatch; at: number }[] = [];

const listeners = new Set<(patches: readonly JobPatch[]) => void>();

export function onJobPatches(listener: (patches: readonly JobPatch[]) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Jobs of an answer that was asked for at `askedAt` (`performance.now()`), with what was heard of them since. */
export function freshestJobs(jobs: Job[], askedAt: number): Job[] {
  const since = latest.filter(({ at }) => at >= askedAt).map(({ patch }) => patch);
  return since.length ? patchJobs(jobs, byJob(since)) : jobs;
}

export function applyJobPatches(client: QueryClient, patches: JobPatch[]): void {
  const now = performance.now();
  for (const patch of patches) latest.push({ patch, at: now });
  if (latest.length > memory) latest.splice(0, latest.length - memory);

  const map = byJob(patches);
  for (const query of client.getQueryCache().findAll({ queryKey: keys.jobLists })) {
    const pages = query.state.data as JobPages | undefined;
    const patched = pages && patchJobPages(pages, map);
    if (patched !== pages) client.setQueryData(query.queryKey, patched);
  }
  for (const [id, ofJob] of map)
    client.setQueryData<Job>(keys.job(id), (job) => (job ? ofJob.reduce(patchJob, job) : job));
  client.setQueryData<Job[]>(keys.jobFailures, (jobs) => jobs && patchJobs(jobs, map));
  for (const listener of listeners) listener(patches);

  const recorded = patches.filter(({ op }) => op !== 'progress');
  if (!recorded.length) return;
  eventCount.value += recorded.length;
  // A list that nobody looks at is read anew when somebody does.
  void client.invalidateQueries({ queryKey: keys.jobLists, refetchType: 'none' });
  refetchSoon(client, keys.jobStats, countTime);
  refetchSoon(client, keys.jobsDue, countTime);
  if (recorded.some(({ op }) => op === 'failed' || op === 'retried'))
    refetchSoon(client, keys.jobFailures, countTime);
  for (const { id, op } of recorded)
    if (op !== 'created' && op !== 'started' && op !== 'completed') refetchSoon(client, keys.jobAttempts(id));
  for (const { id, op } of recorded) if (op !== 'created') refetchSoon(client, keys.job(id));
}
