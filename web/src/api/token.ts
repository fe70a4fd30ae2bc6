import { networkProblem, toProblem } from './problem';
import type { Session } from './types';

/**
 * The access token lives in this module's memory and nowhere else. It is renewed with the HttpOnly refresh cookie.
 * Refresh tokens rotate and a used one kills the session, so only one tab may renew at a time and a page that is
 * being closed must still receive the answer.
 */

export const base = '/api/v1';
const early = 20_000; // renew this long before the token expires, or a fifth of its life before

let token: string | null = null;
let renewAt = 0;
let renewal: Promise<Session | null> | null = null;
const watchers = new Set<(session: Session | null) => void>();

/** Calls back with every new session, and with null when the session has ended. */
export function onSession(watch: (session: Session | null) => void): void {
  watchers.add(watch);
}

export function adopt(session: Session | null): void {
  token = session?.access_token ?? null;
  const life = (session?.expires_in ?? 0) * 1000;
  renewAt = Date.now() + life - Math.min(early, life / 5);
  for (const watch of watchers) watch(session);
}

export const csrfToken = (): string | null => {
  const match = /(?:^|;\s*)sr_csrf=([^;]*)/.exec(document.cookie);
  return match?.[1] ? decodeURIComponent(match[1]) : null;
};

/** A token that is good for at least a few seconds, or null when nobody is signed in. */
export async function freshToken(): Promise<string | null> {
  if (token !== null && Date.now() < renewAt) return token;
  return renew();
}

/** Renews the session; with the token the server has just refused, only if that is still the one in use. */
export async function renew(refused: string | null = null): Promise<string | null> {
  if (refused !== null && token !== null && token !== refused) return token;
  renewal ??= exclusively(requestSession).finally(() => {
    renewal = null;
  });
  const session = await renewal;
  return session?.access_token ?? null;
}

async function requestSession(): Promise<Session | null> {
  const csrf = csrfToken(); // read under the lock: another tab may have just rotated it
  if (csrf === null) {
    adopt(null);
    return null;
  }
  let response: Response;
  try {
    response = await fetch(`${base}/auth/refresh`, {
      method: 'POST',
      headers: { 'X-CSRF-Token': csrf },
      credentials: 'same-origin',
      keepalive: true,
    });
  } catch {
    throw networkProblem();
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) {
    const session = (body as { data: Session }).data;
    adopt(session);
    return session;
  }
  if (response.status === 401 || response.status === 403) {
    adopt(null);
    return null;
  }
  throw toProblem(response.status, body, response.headers);
}

function exclusively<T>(work: () => Promise<T>): Promise<T> {
  // Lock managers exist only in secure contexts; elsewhere one tab at a time is the best we can promise.
  if (!navigator.locks) return work();
  return navigator.locks.request('sr.refresh', work) as Promise<T>;
}
