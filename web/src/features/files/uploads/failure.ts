import { fieldErrors, type ProblemError } from '@/api/problem';

/** What to do about an upload that did not get through. */
export type Remedy = 'again' | 'anew' | 'give up';

/** `begun`: the server has a record of it. */
export function remedyOf({ status, code }: ProblemError, begun: boolean): Remedy {
  if (code === 'STORAGE_FULL' || code === 'UNEXPECTED') return 'give up';
  if (begun && (status === 404 || status === 410)) return 'anew';
  if (code === 'OFFSET_MISMATCH') return 'again';
  return status === 0 || [401, 408, 423, 429, 460].includes(status) || status >= 500 ? 'again' : 'give up';
}

const longest = 30_000;

/** Milliseconds to wait before try number `attempt`, from 1. */
export function backoff({ retryAfter, status }: ProblemError, attempt: number, chance: number): number {
  if (retryAfter !== null) return retryAfter * 1_000;
  // Another request is still writing: it gives up soon.
  if (status === 423) return 1_500;
  return Math.min(1_000 * 2 ** Math.min(attempt - 1, 10), longest) * (0.75 + chance / 2);
}

export function sentenceOf(problem: ProblemError): string {
  if (problem.status === 0 && problem.code === 'NETWORK') return 'The server can’t be reached.';
  if (problem.status === 423) return 'The server is still busy with what was sent before.';
  if (problem.code === 'QUOTA_EXCEEDED') return 'The show has no room left for this file.';
  if (problem.code === 'STORAGE_FULL') return 'The server has no room left.';
  const [first] = Object.values(fieldErrors(problem, ['name']));
  return first ?? problem.message;
}
