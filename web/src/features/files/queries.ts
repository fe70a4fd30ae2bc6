import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/vue-query';
import { computed, toValue, type MaybeRefOrGetter } from 'vue';
import { api, body, download, record } from '@/api/client';
import { keys } from '@/api/keys';
import type { FileKind, FileLink, FileRecord, Page } from '@/api/types';
import { freshestFiles } from '@/realtime/file-live';
import { base } from '@/api/token';

const pageSize = 50;

async function fetchPage(
  episode: string,
  kind: FileKind | null,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<FileRecord>> {
  const query = { limit: pageSize, cursor: cursor ?? undefined, kind: kind ? [kind] : undefined };
  const page = await body(
    api.GET('/episodes/{id}/files', { params: { path: { id: episode }, query }, signal }),
  );
  return { ...page, data: freshestFiles(page.data as unknown as FileRecord[]) };
}

export function useFiles(episode: MaybeRefOrGetter<string>, kind: MaybeRefOrGetter<FileKind | null>) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.fileList(toValue(episode), toValue(kind))),
    queryFn: ({ pageParam, signal }) => fetchPage(toValue(episode), toValue(kind), pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page<FileRecord>) => page.pagination.next_cursor,
    placeholderData: keepPreviousData,
    shallow: true,
  });
}

export async function fetchFile(id: string): Promise<FileRecord> {
  const file = await record(api.GET('/files/{id}', { params: { path: { id } } }));
  return file as unknown as FileRecord;
}

/** The limits of kinds, and what the server lacks. */
export function useServer() {
  return useQuery({
    queryKey: [...keys.config, 'server'],
    queryFn: ({ signal }) => record(api.GET('/config', { signal })),
    staleTime: 10 * 60_000,
    shallow: true,
  });
}

/** A link to the content that needs no token, for `seconds`. */
export function fetchLink(id: string, seconds: number, save: boolean): Promise<FileLink> {
  const query = { ttl_s: seconds, download: save };
  return record(api.GET('/files/{id}/url', { params: { path: { id }, query } }));
}

const pathOf = (url: string): string => (url.startsWith(base) ? url.slice(base.length) : url);

/** Small pictures come with the token, and stay: another content has another address. */
export function usePicture(url: MaybeRefOrGetter<string | null | undefined>) {
  return useQuery({
    queryKey: computed(() => keys.filePicture(toValue(url) ?? '')),
    queryFn: () => download(pathOf(toValue(url) ?? '')),
    enabled: () => Boolean(toValue(url)),
    staleTime: Number.POSITIVE_INFINITY,
    shallow: true,
  });
}

const shapeOptions = { staleTime: Number.POSITIVE_INFINITY, shallow: true } as const;

export function useWaveform(file: MaybeRefOrGetter<FileRecord>, enabled: MaybeRefOrGetter<boolean>) {
  return useQuery({
    queryKey: computed(() => keys.fileShape(toValue(file).id, 'waveform', toValue(file).sha256 ?? '')),
    queryFn: ({ signal }) =>
      record(api.GET('/files/{id}/waveform', { params: { path: { id: toValue(file).id } }, signal })),
    enabled: () => toValue(enabled),
    ...shapeOptions,
  });
}

export function useTextPreview(file: MaybeRefOrGetter<FileRecord>) {
  return useQuery({
    queryKey: computed(() => keys.fileShape(toValue(file).id, 'text', toValue(file).sha256 ?? '')),
    queryFn: ({ signal }) =>
      record(api.GET('/files/{id}/text', { params: { path: { id: toValue(file).id } }, signal })),
    ...shapeOptions,
  });
}

const counted = 100;

/** How often it was downloaded, by what is on record. */
export function useDownloads(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => [...keys.activityOf('file', toValue(id)), 'downloads']),
    queryFn: async ({ signal }) => {
      const query = {
        resource_type: 'file',
        resource_id: toValue(id),
        type: 'file_download',
        limit: counted,
      };
      const { data, pagination } = await body(api.GET('/activities', { params: { query }, signal }));
      return pagination.next_cursor ? `${counted}+` : String(data.length);
    },
    shallow: true,
  });
}
