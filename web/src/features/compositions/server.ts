import { api, body, idempotency, record } from '@/api/client';
import type { components } from '@/api/schema';
import type { Job, Page } from '@/api/types';
import { normalise, type Document } from './document';

/** What the server says of compositions, and how it is asked. Its description leaves open what a document is. */

type Schemas = components['schemas'];
type WithDocument<T> = Omit<T, 'document'> & { document?: Document };

/** Lists and events leave the document out. */
export type Composition = Omit<Schemas['Composition'], 'document'>;
export type CompositionStatus = Composition['status'];
/** As it comes where one is asked for. */
export type FullComposition = Composition & { document: Document };
export type CompositionVersion = WithDocument<Schemas['CompositionVersion']>;
export type CompositionTemplate = WithDocument<Schemas['CompositionTemplate']>;
export type CompositionCreate = WithDocument<Schemas['CreateComposition']>;
export type CompositionPatch = WithDocument<Schemas['UpdateComposition']>;
/** A file that a document was rendered to. */
export type Render = Schemas['CompositionRender'];
export type ImageFormat = Render['image_format'];
export type RenderRequest = Schemas['RenderComposition'];

/** An image among an episode's files, with what looking into it found. */
export type StoredFile = Pick<Schemas['File'], 'id' | 'name' | 'bytes'> & {
  media: { width?: number | null; height?: number | null } | null;
};

/** A document as the description of the API has it, and back. */
type Stored = Record<string, unknown>;
const stored = <T extends { document?: Document }>(values: T): Omit<T, 'document'> & { document?: Stored } =>
  values as Omit<T, 'document'> & { document?: Stored };

function complete<T extends { document: Stored | null }>(value: T): WithDocument<T> {
  const { document, ...others } = value;
  return document ? { ...others, document: normalise(document as unknown as Document) } : others;
}

type Answer<T> = Promise<{ data?: T; error?: unknown; response: Response }>;
const one = async (answer: Answer<{ data: Schemas['Composition'] }>): Promise<FullComposition> =>
  complete(await record(answer)) as FullComposition;

const at = (id: string) => ({ path: { id } });
const match = (version: number) => ({ 'If-Match': `"${version}"` });

export async function listCompositions(episodeId: string, signal?: AbortSignal): Promise<Composition[]> {
  const query = { episode_id: episodeId, limit: 100 };
  const page = await body(api.GET('/compositions', { params: { query }, signal }));
  return page.data;
}

export const getComposition = (id: string, signal?: AbortSignal): Promise<FullComposition> =>
  one(api.GET('/compositions/{id}', { params: { ...at(id), query: { deleted: true } }, signal }));

export const createComposition = (values: CompositionCreate, key: string): Promise<FullComposition> =>
  one(api.POST('/compositions', { body: stored(values), params: { header: idempotency(key) } }));

export const patchComposition = (
  id: string,
  changes: CompositionPatch,
  version: number,
): Promise<FullComposition> =>
  one(
    api.PATCH('/compositions/{id}', { body: stored(changes), params: { ...at(id), header: match(version) } }),
  );

export const deleteComposition = (id: string): Promise<unknown> =>
  body(api.DELETE('/compositions/{id}', { params: at(id) }));

export const restoreComposition = (id: string): Promise<FullComposition> =>
  one(api.POST('/compositions/{id}/restore', { params: at(id) }));

export const moveComposition = (
  id: string,
  status: CompositionStatus,
  reason?: string,
): Promise<FullComposition> =>
  one(
    api.POST('/compositions/{id}/status', {
      body: { status, ...(reason ? { reason } : {}) },
      params: at(id),
    }),
  );

export async function listVersions(
  id: string,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<CompositionVersion>> {
  const query = { limit: 50, cursor: cursor ?? undefined };
  const page = await body(api.GET('/compositions/{id}/versions', { params: { ...at(id), query }, signal }));
  return { ...page, data: page.data.map(complete) };
}

export const getVersion = async (
  id: string,
  version: number,
  signal?: AbortSignal,
): Promise<CompositionVersion> =>
  complete(
    await record(
      api.GET('/compositions/{id}/versions/{n}', { params: { path: { id, n: String(version) } }, signal }),
    ),
  );

export const revertComposition = (id: string, version: number): Promise<FullComposition> =>
  one(api.POST('/compositions/{id}/revert/{n}', { params: { path: { id, n: String(version) } } }));

/** The job that does it. */
export const renderComposition = (id: string, request: RenderRequest): Promise<Job> =>
  record(api.POST('/compositions/{id}/render', { body: request, params: at(id) }));

export async function listRenders(id: string, signal?: AbortSignal): Promise<Render[]> {
  const answer = api.GET('/compositions/{id}/renders', { params: at(id), signal });
  return (await body(answer)).data;
}

export async function listTemplates(signal?: AbortSignal): Promise<CompositionTemplate[]> {
  const answer = api.GET('/composition-templates', { signal });
  return (await body(answer)).data.map(complete);
}

export const getTemplate = async (id: string, signal?: AbortSignal): Promise<CompositionTemplate> =>
  complete(await record(api.GET('/composition-templates/{id}', { params: at(id), signal })));

export const createTemplate = async (compositionId: string, name: string): Promise<CompositionTemplate> =>
  complete(
    await record(api.POST('/composition-templates', { body: { composition_id: compositionId, name } })),
  );

export const deleteTemplate = (id: string): Promise<unknown> =>
  body(api.DELETE('/composition-templates/{id}', { params: at(id) }));

export async function listImages(episodeId: string, signal?: AbortSignal): Promise<StoredFile[]> {
  const query = { kind: ['image' as const], state: ['ready' as const], limit: 100 };
  const answer = api.GET('/episodes/{id}/files', {
    params: { ...at(episodeId), query },
    signal,
  });
  return (await body(answer)).data;
}
