import { DetailedError, Upload as TusUpload } from 'tus-js-client';
import { asProblem, networkProblem, toProblem, type ProblemError } from '@/api/problem';
import { base, freshToken, renew } from '@/api/token';
import { clientId } from '@/lib/client-id';

/** A request for each so many bytes: the token is renewed from one to the next. */
const chunkSize = 64 * 2 ** 20;

/** Sends what the server does not have yet. Rejects with a ProblemError; aborted, it never settles. */
export function sendRest(
  file: File,
  fileId: string,
  progress: (sent: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((fulfil, reject) => {
    let token: string | null = null;
    const upload = new TusUpload(file, {
      uploadUrl: `${base}/uploads/${fileId}`,
      chunkSize,
      retryDelays: null,
      storeFingerprintForResuming: false,
      headers: { 'X-Client-Id': clientId },
      onBeforeRequest: async (request) => {
        token = await freshToken();
        if (token) request.setHeader('Authorization', `Bearer ${token}`);
      },
      onAfterResponse: async (_request, response) => {
        if (response.getStatus() === 401) await renew(token).catch(() => null);
      },
      onProgress: (sent) => progress(sent),
      onSuccess: () => fulfil(),
      onError: (error) => reject(problemOf(error)),
    });
    signal.addEventListener('abort', () => void upload.abort());
    upload.start();
  });
}

function problemOf(error: Error | DetailedError): ProblemError {
  if (!(error instanceof DetailedError)) return asProblem(error);
  const response = error.originalResponse;
  if (!response) return networkProblem();
  const headers = new Headers();
  const retryAfter = response.getHeader('Retry-After');
  if (retryAfter) headers.set('Retry-After', retryAfter);
  return toProblem(response.getStatus(), parsed(response.getBody()), headers);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
