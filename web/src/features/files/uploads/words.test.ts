import { describe, expect, it } from 'vitest';
import type { Upload } from './state';
import { statusText } from './words';

const upload = (values: Partial<Upload>): Upload => ({
  key: 1,
  file: { name: 'a.mp4', size: 10_000_000 } as File,
  episode: { id: 'e1', title: 'Pilot' },
  state: 'sending',
  sent: 4_000_000,
  speed: null,
  problem: null,
  note: null,
  retryAt: 0,
  fileId: null,
  retriable: true,
  hash: { state: 'off' },
  ...values,
});

describe('statusText', () => {
  it.each<[Partial<Upload>, string]>([
    [{ state: 'queued' }, 'Waiting for its turn · 10 MB'],
    [{}, '4.0 MB of 10 MB'],
    [{ speed: 2_000_000 }, '4.0 MB of 10 MB · 2.0 MB/s · 3 s left'],
    [{ state: 'checking' }, 'The server is checking it · 10 MB'],
    [{ state: 'paused' }, 'Paused · 4.0 MB of 10 MB'],
    [{ state: 'waiting', problem: 'Lost.', retryAt: 3_500 }, 'Lost. Trying again in 4 s · 4.0 MB of 10 MB'],
    [{ state: 'waiting', problem: 'Lost.' }, 'Lost. Trying again now · 4.0 MB of 10 MB'],
    [{ state: 'done' }, 'Uploaded · 10 MB'],
    [{ state: 'failed', problem: 'Too large.' }, 'Too large.'],
  ])('%o: %s', (values, text) => expect(statusText(upload(values), 0)).toBe(text));
});
