import { networkProblem, toProblem } from '@/api/problem';
import { base, freshToken, renew } from '@/api/token';
import type { ImportResult } from '@/api/types';
import { clientId, randomId } from '@/lib/client-id';

export type ImportFormat = 'csv' | 'ndjson';
export type OnExisting = 'skip' | 'update' | 'error';

export interface ImportRequest {
  file: File;
  format: ImportFormat;
  dryRun: boolean;
  onExisting: OnExisting;
  show?: string;
  importId: string;
}

export function formatOf(file: File): ImportFormat | null {
  if (/\.(csv|tsv)$/i.test(file.name) || file.type === 'text/csv') return 'csv';
  if (/\.(ndjson|jsonl)$/i.test(file.name)) return 'ndjson';
  return null;
}

/** Sends the file as it is. XMLHttpRequest, because fetch does not tell how much has been sent. */
export async function sendImport(
  request: ImportRequest,
  sent: (fraction: number) => void,
  signal: AbortSignal,
): Promise<ImportResult> {
  const token = await freshToken();
  const first = await post(request, token, sent, signal);
  if (first.status !== 401) return result(first);
  return result(await post(request, await renew(token), sent, signal));
}

interface Answer {
  status: number;
  body: unknown;
  headers: Headers;
}

function result({ status, body, headers }: Answer): ImportResult {
  if (status < 200 || status >= 300) throw toProblem(status, body, headers);
  return (body as { data: ImportResult }).data;
}

function post(
  request: ImportRequest,
  token: string | null,
  sent: (fraction: number) => void,
  signal: AbortSignal,
): Promise<Answer> {
  const query = new URLSearchParams({
    format: request.format,
    dry_run: String(request.dryRun),
    on_existing: request.onExisting,
    import_id: request.importId,
    ...(request.show ? { show_id: request.show } : {}),
  });
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open('POST', `${base}/episodes/import?${query}`);
    xhr.setRequestHeader('Content-Type', request.format === 'csv' ? 'text/csv' : 'application/x-ndjson');
    xhr.setRequestHeader('X-Client-Id', clientId);
    xhr.setRequestHeader('Idempotency-Key', randomId());
    if (token) xhr.setRequestHeader('Authorization', `Bearer ${token}`);
    xhr.upload.onprogress = (event) => event.lengthComputable && sent(event.loaded / event.total);
    xhr.onload = () =>
      resolve({ status: xhr.status, body: parse(xhr.responseText), headers: headersOf(xhr) });
    xhr.onerror = () => reject(networkProblem());
    xhr.onabort = () => reject(new DOMException('Cancelled', 'AbortError'));
    signal.addEventListener('abort', () => xhr.abort());
    xhr.send(request.file);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function headersOf(xhr: XMLHttpRequest): Headers {
  const headers = new Headers();
  for (const line of xhr
    .getAllResponseHeaders()
    .trim()
    .split(/[\r\n]+/)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return headers;
}
