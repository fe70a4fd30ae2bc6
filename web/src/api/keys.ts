import type { EpisodeFilters } from '@/features/episodes/filters';
import type { ActivityFilters } from '@/features/activity/filters';
import type { JobFilters } from '@/features/jobs/filters';

/** Every key of the query cache. Events patch by prefix, so the first elements say what kind of record is inside. */
export const keys = {
  episodes: ['episodes'] as const,
  episodeLists: ['episodes', 'list'] as const,
  episodeList: (filters: EpisodeFilters) => ['episodes', 'list', filters] as const,
  episodeFacets: ['episodes', 'facets'] as const,
  facetsOf: (filters: EpisodeFilters) => ['episodes', 'facets', filters] as const,
  episode: (id: string) => ['episodes', 'detail', id] as const,
  episodeHistory: (id: string) => ['episodes', 'history', id] as const,
  episodeSearch: (text: string) => ['episodes', 'search', text] as const,
  activities: ['activities'] as const,
  activityList: (filters: ActivityFilters) => ['activities', 'list', filters] as const,
  activityOf: (type: string, id: string) => ['activities', 'record', type, id] as const,
  jobs: ['jobs'] as const,
  jobLists: ['jobs', 'list'] as const,
  jobList: (filters: JobFilters) => ['jobs', 'list', filters] as const,
  job: (id: string) => ['jobs', 'detail', id] as const,
  jobAttempts: (id: string) => ['jobs', 'attempts', id] as const,
  jobFiles: (id: string) => ['jobs', 'files', id] as const,
  jobStats: ['jobs', 'stats'] as const,
  jobFailures: ['jobs', 'failures'] as const,
  jobsDue: ['jobs', 'due'] as const,
  jobTypes: ['jobs', 'types'] as const,
  jobWorkers: ['jobs', 'workers'] as const,
  jobQueues: ['jobs', 'queues'] as const,
  jobSchedules: ['jobs', 'schedules'] as const,
  shows: ['shows'] as const,
  userNames: ['user-names'] as const,
  config: ['config'] as const,
};
