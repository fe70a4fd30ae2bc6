import { api, body, record } from '@/api/client';
import type { Job, Page } from '@/api/types';
import { normalise, type Document } from './document';

/** What the server says of compositions, and how it is asked. */

export const compositionStatuses = ['draft', 'approved', 'published'] as const;
export type CompositionStatus = (typeof compositionStatuses)[number];

export interface Composition {
  id: string;
  episode_id: string;
  name: string;
  status: CompositionStatus;
  primary: boolean;
  /** Among those of its episode; need not be whole. */
  position: number;
  /** Of the canvas. */
  width: number;
  height: number;
  formats: string[];
  version: number;
  /** The version at which the document became what it is. */
  document_version: number;
  created_at: string;
  created_by: string | null;
  updated_at: string;
  updated_by: string | null;
  deleted_at: string | null;
}

/** As it comes where one is asked for: lists and events leave the document out. */
export interface FullComposition extends Composition {
  document: Document;
}

export interface CompositionVersion {
  version: number;
  name: string;
  status: CompositionStatus;
  summary: string | null;
  changed_fields: string[];
  document_version: number;
  reverted_from: number | null;
  created_at: string;
  created_by: string | null;
  created_by_name: string;
  document?: Document;
}

export interface CompositionTemplate {
  /** A word for those that come with the server. */
  id: string;
  name: string;
  about: string;
  built_in: boolean;
  width: number;
  height: number;
  formats: string[];
  /** Only where one template is asked for. */
  document?: Document;
}

/** A file that a document was rendered to. */
export interface Render {
  document_version: number;
  format: string;
  image_format: ImageFormat;
  quality: number;
  file_id: string;
  created_at: string;
}
export type ImageFormat = 'png' | 'jpeg' | 'webp';

/** What is asked of a file here. */
export interface StoredFile {
  id: string;
  name: string;
  bytes: number | null;
  /** What looking into it found. */
  media: { width?: number | null; height?: number | null } | null;
}

interface Init {
  params?: {
    path?: Record<string, string | number>;
    query?: Record<string, unknown>;
    header?: Record<string, string>;
  };
  body?: unknown;
  signal?: AbortSignal;
}
type Answer<T> = Promise<{ data?: T; error?: unknown; response: Response }>;
type Call = <T>(path: string, init?: Init) => Answer<T>;
const http = api as unknown as Record<'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', Call>;

const complete = <T extends { document?: Document }>(value: T): T =>
  value.document ? { ...value, document: normalise(value.document) } : value;

const one = async (answer: Answer<{ data: FullComposition }>): Promise<FullComposition> =>
  complete(await record(answer));

const at = (id: string) => ({ path: { id } });
const match = (version: number) => ({ 'If-Match': `"${version}"` });

export async function listCompositions(episodeId: string, signal?: AbortSignal): Promise<Composition[]> {
  const query = { episode_id: episodeId, limit: 100 };
  const page = await body(http.GET<Page<Composition>>('/compositions', { params: { query }, signal }));
  return page.data;
}

export const getComposition = (id: string, signal?: AbortSignal): Promise<FullComposition> =>
  one(http.GET('/compositions/{id}', { params: { ...at(id), query: { deleted: true } }, signal }));

export interface CompositionCreate {
  episode_id: string;
  name: string;
  document?: Document;
  template_id?: string;
  copy_of?: string;
  summary?: string;
}
export const createComposition = (values: CompositionCreate, key: string): Promise<FullComposition> =>
  one(http.POST('/compositions', { body: values, params: { header: { 'Idempotency-Key': key } } }));

export interface CompositionPatch {
  name?: string;
  document?: Document;
  summary?: string;
  primary?: boolean;
  position?: number;
}
export const patchComposition = (
  id: string,
  changes: CompositionPatch,
  version: number,
): Promise<FullComposition> =>
  one(http.PATCH('/compositions/{id}', { body: changes, params: { ...at(id), header: match(version) } }));

export const deleteComposition = (id: string): Promise<unknown> =>
  body(http.DELETE('/compositions/{id}', { params: at(id) }));

export const restoreComposition = (id: string): Promise<FullComposition> =>
  one(http.POST('/compositions/{id}/restore', { params: at(id) }));

export const moveComposition = (
  id: string,
  status: CompositionStatus,
  reason?: string,
): Promise<FullComposition> =>
  one(
    http.POST('/compositions/{id}/status', {
      body: { status, ...(reason ? { reason } : {}) },
      params: at(id),
    }),
  );

export const listVersions = (
  id: string,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<CompositionVersion>> =>
  body(
    http.GET('/compositions/{id}/versions', {
      params: { ...at(id), query: { limit: 50, cursor: cursor ?? undefined } },
      signal,
    }),
  );

export const getVersion = async (
  id: string,
  version: number,
  signal?: AbortSignal,
): Promise<CompositionVersion> =>
  complete(
    await record(
      http.GET<{ data: CompositionVersion }>('/compositions/{id}/versions/{version}', {
        params: { path: { id, version } },
        signal,
      }),
    ),
  );

export const revertComposition = (id: string, version: number): Promise<FullComposition> =>
  one(http.POST('/compositions/{id}/revert/{version}', { params: { path: { id, version } } }));

export interface RenderRequest {
  version: number;
  formats: string[];
  image_format: ImageFormat;
}
/** The job that does it. */
export const renderComposition = (id: string, request: RenderRequest): Promise<Job> =>
  record(http.POST<{ data: Job }>('/compositions/{id}/render', { body: request, params: at(id) }));

export async function listRenders(id: string, signal?: AbortSignal): Promise<Render[]> {
  const answer = http.GET<{ data: Render[] }>('/compositions/{id}/renders', { params: at(id), signal });
  return (await body(answer)).data;
}

export async function listTemplates(signal?: AbortSignal): Promise<CompositionTemplate[]> {
  const answer = http.GET<{ data: CompositionTemplate[] }>('/composition-templates', { signal });
  return (await body(answer)).data;
}

export const getTemplate = async (id: string, signal?: AbortSignal): Promise<CompositionTemplate> =>
  complete(
    await record(
      http.GET<{ data: CompositionTemplate }>('/composition-templates/{id}', { params: at(id), signal }),
    ),
  );

export const createTemplate = (compositionId: string, name: string): Promise<CompositionTemplate> =>
  record(
    http.POST<{ data: CompositionTemplate }>('/composition-templates', {
      body: { composition_id: compositionId, name },
    }),
  );

export async function listImages(episodeId: string, signal?: AbortSignal): Promise<StoredFile[]> {
  const query = { kind: 'image', state: 'ready', limit: 100 };
  const answer = http.GET<Page<StoredFile>>('/episodes/{id}/files', {
    params: { ...at(episodeId), query },
    signal,
  });
  return (await body(answer)).data;
}
