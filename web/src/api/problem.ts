import { fieldLabel } from '@/lib/format';
import type { FieldError, Problem } from './types';

/** What went wrong with a request: the server's problem document, or `NETWORK` when there was no answer. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  readonly errors: FieldError[];
  readonly current: unknown;
  readonly allowed: string[];
  readonly retryAfter: number | null;

  constructor(problem: Partial<Problem> & { status: number }, retryAfter: number | null = null) {
    super(problem.detail || problem.title || 'Something went wrong');
    this.status = problem.status;
    this.code = problem.code ?? 'UNKNOWN';
    this.requestId = problem.request_id ?? null;
    this.errors = problem.errors ?? [];
    this.current = problem.current ?? null;
    this.allowed = problem.allowed ?? [];
    this.retryAfter = retryAfter;
  }
}

export const networkProblem = (): ProblemError =>
  new ProblemError({
    status: 0,
    code: 'NETWORK',
    title: 'The server can’t be reached. Check your connection and try again.',
  });

/** Makes a ProblemError of an answer whose body may be a problem document, some other JSON, or not JSON at all. */
export function toProblem(status: number, body: unknown, headers?: Headers): ProblemError {
  const known: Partial<Problem> = typeof body === 'object' && body !== null ? body : {};
  const seconds = Number(headers?.get('Retry-After') ?? Number.NaN);
  return new ProblemError(
    {
      ...known,
      status,
      title: known.title ?? fallbackTitle(status),
      request_id: known.request_id ?? headers?.get('X-Request-Id') ?? undefined,
    },
    Number.isFinite(seconds) ? seconds : null,
  );
}

/** Anything thrown, as something that can be shown. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof TypeError) return networkProblem(); // what fetch throws when there is no answer
  return new ProblemError({
    status: 0,
    code: 'UNEXPECTED',
    title: 'Something unexpected happened in this page.',
  });
}

/** The first message for each field, for forms. Messages of fields the form does not have go under `''`. */
export function fieldErrors<F extends string>(
  error: ProblemError,
  fields: readonly F[],
): Partial<Record<F | '', string>> {
  const known = new Set<string>(fields);
  const out: Partial<Record<F | '', string>> = {};
  for (const { field, message } of error.errors) {
    const name = known.has(field) ? (field as F) : '';
    out[name] ??= sentence(field, message);
  }
  return out;
}

/** The server says "must have at least 1" of a field; a reader wants a sentence. */
function sentence(field: string, message: string): string {
  const text = /^[a-z]/.test(message) ? `${fieldLabel(field)} ${message}` : message;
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function fallbackTitle(status: number): string {
  if (status === 403) return 'You are not allowed to do this.';
  if (status === 404) return 'This doesn’t exist, or you may not see it.';
  if (status === 413) return 'This is too large for the server.';
  if (status === 429) return 'Too many requests. Wait a moment and try again.';
  if (status >= 500) return 'The server had a problem. Try again in a moment.';
  return 'The request failed.';
}
