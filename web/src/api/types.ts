import type { components, paths } from './schema';

type Schemas = components['schemas'];

/** The paths of the API without what they all begin with. */
export type Paths = {
  [Path in keyof paths as Path extends `/api/v1/${infer Rest}` ? `/${Rest}` : never]: paths[Path];
};

export type User = Schemas['User'];
export type Role = User['role'];
export type Session = Schemas['Session'];
export type Show = Schemas['Show'];
export type Episode = Schemas['Episode'];
export type EpisodeStatus = Episode['status'];
export type EpisodeCreate = Schemas['CreateEpisode'];
export type EpisodePatch = Schemas['UpdateEpisode'];
export type EpisodeFacets = Schemas['EpisodeFacets'];
export type HistoryEntry = Schemas['HistoryEntry'];
export type Activity = Schemas['Activity'];
export type ImportResult = Schemas['ImportResult'];
export type ImportError = ImportResult['errors'][number];
export type Job = Schemas['Job'];
export type JobStatus = Job['status'];
export type JobCreate = Schemas['CreateJob'];
export type JobStats = Schemas['JobStats'];
export type JobType = Schemas['JobType'];
export type JobWorker = Schemas['JobWorker'];
export type JobAttempt = Schemas['JobAttempt'];
export type JobLogLine = Schemas['JobLogLine'];
export type JobQueue = Schemas['JobQueue'];
export type JobQueueUpdate = Schemas['UpdateJobQueue'];
export type JobSchedule = Schemas['JobSchedule'];
export type JobScheduleCreate = Schemas['CreateJobSchedule'];
export type JobScheduleUpdate = Schemas['UpdateJobSchedule'];
export type FileKind = Schemas['File']['kind'];
export type FileState = Schemas['File']['state'];
export type FileLink = Schemas['FileLink'];
export type FileLimits = Schemas['ServerInfo']['file_bytes_max'];
export type Waveform = Schemas['Waveform'];
export type TextPreview = Schemas['TextPreview'];
export type Pagination = Schemas['Pagination'];
export type Problem = Schemas['Problem'];
export type FieldError = NonNullable<Problem['errors']>[number];

/** What is made from a file so that it can be shown. */
export interface Derivative {
  role: 'thumbnail' | 'preview' | 'poster' | 'waveform' | 'text';
  state: 'ready' | 'unavailable' | 'failed';
  width: number;
  height: number;
  url: string | null;
  error: { kind: string; message: string } | null;
}

/** What was found in a file; what does not apply is null. */
export interface FileFacts {
  format: string | null;
  width: number | null;
  height: number | null;
  pages: number | null;
  duration_ms: number | null;
  bit_rate: number | null;
  video: { codec: string; frame_rate: number }[];
  audio: { codec: string; channels: number; sample_rate: number }[];
  encoding: string | null;
  error: { kind: string; message: string } | null;
}

/** A file's record; the description of the API leaves open what is in it. */
export interface FileRecord extends Omit<Schemas['File'], 'derivatives' | 'media' | 'error'> {
  derivatives: Derivative[];
  media: FileFacts | null;
  error: { code: string; message: string } | null;
}

export interface Page<T> {
  data: T[];
  pagination: Pagination;
}

/** A field's value before and after; the description of the API leaves open what a value is. */
export interface Change {
  before: unknown;
  after: unknown;
}
