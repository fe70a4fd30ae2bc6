import { useQuery } from '@tanstack/vue-query';
import { computed, toValue, type MaybeRefOrGetter } from 'vue';
import { download } from '@/api/client';
import { keys } from '@/api/keys';
import type { Job } from '@/api/types';

export interface JobFile {
  id: string;
  role: 'input' | 'output';
  name: string;
  media_type: string;
  bytes: number;
}

/** Types that never have files: nobody need ask. */
const without: ReadonlySet<string> = new Set(['check', 'http_call']);

function isFile(value: unknown): value is JobFile {
  const file = value as Partial<JobFile> | null;
  return typeof file?.id === 'string' && typeof file.name === 'string' && typeof file.bytes === 'number';
}

/** What the job took and made. A server that keeps no files says that there is no such address: then there are none. */
export function useJobFiles(job: MaybeRefOrGetter<Job>) {
  return useQuery({
    queryKey: computed(() => [...keys.jobFiles(toValue(job).id), toValue(job).status]),
    queryFn: async (): Promise<JobFile[]> => {
      const text = await (await download(`/jobs/${toValue(job).id}/files`)).text();
      const { data } = JSON.parse(text) as { data?: unknown };
      return Array.isArray(data) ? data.filter(isFile) : [];
    },
    enabled: () => !without.has(toValue(job).type),
    retry: false,
    shallow: true,
  });
}

/** Saves a file under its name. Links can't carry the token, so the page fetches it. */
export async function saveFile(jobId: string, file: JobFile): Promise<void> {
  const url = URL.createObjectURL(await download(`/jobs/${jobId}/files/${file.id}`));
  const link = document.createElement('a');
  link.href = url;
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
