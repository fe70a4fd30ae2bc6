import { api, body, record } from '@/api/client';
import type { Page } from '@/api/types';
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
  position: number;
  version: number;
  document: Document;
  created_at: string;
  created_by: string | null;
  updated_at: string;
  updated_by: string | null;
  deleted_at: string | null;
}

export interface CompositionVersion {
  version: number;
  summary: string | null;
  created_at: string;
  created_by: string | null;
  document?: Document;
}

export interface CompositionTemplate {
  id: string;
  name: string;
  document: Document;
}

export interface StoredFile {
  id: string;
  name: string;
  kind: string;
  state: string;
  bytes: number;
  media_type: string;
  width?: number | null;
  height?: number | null;
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

const one = async (answer: Answer<{ data: Composition }>): Promise<Composition> =>
  complete(await record(answer));

const at = (id: string) => ({ path: { id } });
const match = (version: number) => ({ 'If-Match': `"${version}"` });

export async function listCompositions(episodeId: string, signal?: AbortSignal): Promise<Composition[]> {
  const query = { episode_id: episodeId, limit: 100 };
  const page = await body(http.GET<Page<Composition>>('/compositions', { params: { query }, signal }));
  return page.data.map(complete);
}

export const getComposition = (id: string, signal?: AbortSignal): Promise<Composition> =>
  one(http.GET('/compositions/{id}', { params: { ...at(id), query: { deleted: true } }, signal }));

export interface CompositionCreate {
  episode_id: string;
  name: string;
  document?: Document;
  template_id?: string;
  copy_of?: string;
  summary?: string;
}
export const createComposition = (values: CompositionCreate, key: string): Promise<Composition> =>
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
): Promise<Composition> =>
  one(http.PATCH('/compositions/{id}', { body: changes, params: { ...at(id), header: match(version) } }));

export const deleteComposition = (id: string): Promise<unknown> =>
  body(http.DELETE('/compositions/{id}', { params: at(id) }));

export const restoreComposition = (id: string): Promise<Composition> =>
  one(http.POST('/compositions/{id}/restore', { params: at(id) }));

export const moveComposition = (
  id: string,
  status: CompositionStatus,
  reason?: string,
): Promise<Composition> =>
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

export const revertComposition = (id: string, version: number): Promise<Composition> =>
  one(http.POST('/compositions/{id}/revert/{version}', { params: { path: { id, version } } }));

export interface RenderRequest {
  formats: string[];
  type: 'png' | 'jpeg' | 'webp';
}
export const renderComposition = (id: string, request: RenderRequest): Promise<{ id: string }> =>
  record(
    http.POST<{ data: { id: string } }>('/compositions/{id}/render', { body: request, params: at(id) }),
  );

export async function listTemplates(signal?: AbortSignal): Promise<CompositionTemplate[]> {
  const page = await body(http.GET<Page<CompositionTemplate>>('/composition-templates', { signal }));
  return page.data.map(complete);
}

export async function listImages(episodeId: string, signal?: AbortSignal): Promise<StoredFile[]> {
  const query = { episode_id: episodeId, kind: 'image', limit: 100 };
  const page = await body(http.GET<Page<StoredFile>>('/files', { params: { query }, signal }));
  return page.data.filter(({ state }) => state === 'ready');
}
