import { describe, expect, it } from 'vitest';
import { networkProblem, ProblemError } from '@/api/problem';
import { backoff, remedyOf, sentenceOf } from './failure';

const problem = (status: number, code = 'X', retryAfter: number | null = null) =>
  new ProblemError({ status, code, title: 'Words' }, retryAfter);

describe('remedyOf', () => {
  it.each([
    [0, 'NETWORK', 'again'],
    [401, 'UNAUTHENTICATED', 'again'],
    [409, 'OFFSET_MISMATCH', 'again'],
    [423, 'LOCKED', 'again'],
    [503, 'TOO_BUSY', 'again'],
    [410, 'UPLOAD_GONE', 'anew'],
    [404, 'NOT_FOUND', 'anew'],
    [507, 'STORAGE_FULL', 'give up'],
    [422, 'TYPE_NOT_ALLOWED', 'give up'],
    [413, 'FILE_TOO_LARGE', 'give up'],
    [403, 'FORBIDDEN', 'give up'],
  ])('%i %s: %s', (status, code, remedy) => expect(remedyOf(problem(status, code), true)).toBe(remedy));

  it('does not begin anew what has not begun', () => {
    expect(remedyOf(problem(404), false)).toBe('give up');
  });
});

describe('backoff', () => {
  it('grows, up to half a minute, and does what the server says', () => {
    const waits = [1, 2, 3, 9].map((attempt) => backoff(networkProblem(), attempt, 0.5));
    expect(waits).toEqual([1_000, 2_000, 4_000, 30_000]);
    expect(backoff(problem(503, 'TOO_BUSY', 7), 1, 0)).toBe(7_000);
  });
});

describe('sentenceOf', () => {
  it('says what the server says of a field', () => {
    const bad = new ProblemError({
      status: 422,
      title: 'Invalid',
      errors: [{ field: 'name', code: 'EXTENSION_NOT_ALLOWED', message: 'must end as image files do' }],
    });
    expect(sentenceOf(bad)).toBe('Name must end as image files do.');
    expect(sentenceOf(problem(422))).toBe('Words');
  });
});
