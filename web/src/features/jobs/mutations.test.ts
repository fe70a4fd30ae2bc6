import { beforeEach, describe, expect, it, vi } from 'vitest';
import { keys } from '@/api/keys';
import { queryClient } from '@/api/query';
import type { Job } from '@/api/types';
import { applyJobPatches } from '@/realtime/job-live';
import type { JobPages } from '@/realtime/job-patch';
import { aJob, jobPages } from '@/test/jobs';
import { act } from './mutations';

const lists = keys.jobList({} as never);
const listed = () => queryClient.getQueryData<JobPages>(lists)?.pages[0]?.data[0];

/** The server answers `answer`; before it arrives, `meanwhile` happens. */
function answering(answer: Job, meanwhile: () => void): void {
  vi.stubGlobal('fetch', (request: Request | string) => {
    const url = typeof request === 'string' ? request : request.url;
    if (url.includes('/auth/')) return Promise.resolve(new Response('{}', { status: 401 }));
    meanwhile();
    return Promise.resolve(Response.json({ data: answer }));
  });
}

describe('the answer to an action', () => {
  const running = aJob({ status: 'processing', attempt: 1 });
  const stopping = { ...running, cancel_requested_at: '2026-01-01T00:00:01.000Z' };

  beforeEach(() => {
    queryClient.clear();
    queryClient.setQueryData(lists, jobPages({ jobs: [running] }));
  });

  it('is put into the lists', async () => {
    answering(stopping, () => undefined);
    expect(await act('cancel', 'j1')).toEqual(stopping);
    expect(listed()).toEqual(stopping);
  });

  it('does not undo what was heard of the job before it arrived', async () => {
    answering(stopping, () =>
      applyJobPatches(queryClient, [{ id: 'j1', at: '2026-01-01T00:00:02.000Z', op: 'cancelled' }]),
    );
    expect(await act('cancel', 'j1')).toMatchObject({ status: 'cancelled' });
    expect(listed()).toMatchObject({ status: 'cancelled' });
    expect(queryClient.getQueryData(keys.job('j1'))).toMatchObject({ status: 'cancelled' });
  });
});
