import createClient from 'openapi-fetch';
import { clientId, randomId } from '@/lib/client-id';
import { networkProblem, toProblem } from './problem';
import { base, freshToken, renew } from './token';
import type { Paths } from './types';

/** Asked when the session has ended; resolves true once the same person has signed in again. */
let signInAgain: () => Promise<boolean> = () => Promise.resolve(false);
export const onSessionEnded = (ask: () => Promise<boolean>): void => {
  signInAgain = ask;
};

/** One `fetch` with the access token, renewed when the server says it is no longer good. */
async function authorizedFetch(request: Request): Promise<Response> {
  const again = request.clone(); // a request's body can be sent only once
  const token = await freshToken();
  const response = await send(request, token);
  if (response.status !== 401) return response;
  let next = await renew(token);
  if (next === null && (await signInAgain())) next = await freshToken();
  return next === null ? response : send(again, next);
}

async function send(request: Request, token: string | null): Promise<Response> {
  if (token !== null) request.headers.set('Authorization', `Bearer ${token}`);
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw networkProblem();
  }
}

export const api = createClient<Paths>({
  baseUrl: base,
  headers: { 'X-Client-Id': clientId },
  fetch: authorizedFetch,
  // Lists go out as one comma-separated value.
  querySerializer: { array: { style: 'form', explode: false } },
});

/** For requests that are about the session itself and must never trigger its renewal. */
export const anonymousApi = createClient<Paths>({ baseUrl: base, headers: { 'X-Client-Id': clientId } });

/** Header of a POST that may be repeated safely: one key for one intent. */
export const idempotency = (key: string = randomId()): { 'Idempotency-Key': string } => ({
  'Idempotency-Key': key,
});

/** An answer that is no JSON: what a link would download, if links could carry a token. */
export async function download(path: string): Promise<Blob> {
  const response = await authorizedFetch(new Request(`${base}${path}`));
  if (response.ok) return response.blob();
  throw toProblem(response.status, await response.json().catch(() => null), response.headers);
}

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The body of a successful answer; anything else is thrown as a ProblemError. */
export async function body<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer.catch((reason: unknown) => {
    throw reason instanceof TypeError ? networkProblem() : reason;
  });
  if (!response.ok) throw toProblem(response.status, error, response.headers);
  return data as T;
}

/** The record inside `{data: …}`. */
export async function record<T>(answer: Promise<Answer<{ data: T }>>): Promise<T> {
  const { data } = await body(answer);
  return data;
}
