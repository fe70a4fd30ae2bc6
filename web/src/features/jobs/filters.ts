import type { LocationQuery } from 'vue-router';
import type { Job, JobStatus } from '@/api/types';
import { isJobStatus } from './job';

/** What narrows a list of jobs. The page's address is where it lives; this is its typed form. */
export interface JobFilters {
  status?: JobStatus[];
  type?: string;
  queue?: string;
  episode?: string;
}

const name = /^[a-z][a-z0-9_.-]{0,62}$/;
const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const text = (value: LocationQuery[string] | undefined, form: RegExp): string | undefined => {
  const first = Array.isArray(value) ? value[0] : value;
  return first && form.test(first) ? first : undefined;
};

export function parseJobFilters(query: LocationQuery): JobFilters {
  const filters: JobFilters = {};
  const status = text(query.status, /./)?.split(',').filter(isJobStatus);
  const type = text(query.type, name);
  const queue = text(query.queue, name);
  const episode = text(query.episode, id);
  if (status?.length) filters.status = [...new Set(status)].sort();
  if (type) filters.type = type;
  if (queue) filters.queue = queue;
  if (episode) filters.episode = episode;
  return filters;
}

/** The address's query of these filters; what is not set is left out. */
export function toJobQuery({ status, type, queue, episode }: JobFilters): Record<string, string> {
  const query: Record<string, string> = {};
  if (status?.length) query.status = status.join(',');
  if (type) query.type = type;
  if (queue) query.queue = queue;
  if (episode) query.episode = episode;
  return query;
}

export const toJobParameters = ({ status, type, queue, episode }: JobFilters) => ({
  status,
  type,
  queue,
  episode_id: episode,
});

/** The statuses chosen after one has been pressed. */
export function toggledStatus({ status = [] }: JobFilters, pressed: JobStatus): JobStatus[] | undefined {
  const next = status.includes(pressed)
    ? status.filter((each) => each !== pressed)
    : [...status, pressed].sort();
  return next.length ? next : undefined;
}

export const isJobFiltered = ({ status, type, queue, episode }: JobFilters): boolean =>
  Boolean(status?.length || type || queue || episode);

export function matchesJob(job: Job, { status, type, queue, episode }: JobFilters): boolean {
  return (
    (!status || status.includes(job.status)) &&
    (!type || job.type === type) &&
    (!queue || job.queue === queue) &&
    (!episode || job.episode_id === episode)
  );
}
