import { bytes } from '@/lib/format';
import { durationText } from '@/lib/time';
import type { Upload } from './state';

/** What is said of an upload beside its name. */
export function statusText(upload: Upload, now: number): string {
  const size = bytes(upload.file.size);
  const of = `${bytes(upload.sent)} of ${size}`;
  switch (upload.state) {
    case 'queued':
      return `Waiting for its turn · ${size}`;
    case 'sending':
      return [of, ...pace(upload)].join(' · ');
    case 'checking':
      return `The server is checking it · ${size}`;
    case 'paused':
      return `Paused · ${of}`;
    case 'waiting': {
      const left = Math.max(0, Math.ceil((upload.retryAt - now) / 1_000));
      return `${upload.problem ?? ''} Trying again ${left ? `in ${left} s` : 'now'} · ${of}`.trim();
    }
    case 'done':
      return `Uploaded · ${size}`;
    case 'failed':
      return upload.problem ?? 'It failed.';
  }
}

function pace({ speed, file, sent }: Upload): string[] {
  if (!speed) return [];
  const left = ((file.size - sent) / speed) * 1_000;
  return [`${bytes(Math.round(speed))}/s`, ...(left > 950 ? [`${durationText(left)} left`] : [])];
}
