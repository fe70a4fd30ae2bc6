import { describe, expect, it } from 'vitest';
import { asProblem, fieldErrors, ProblemError, toProblem } from './problem';

describe('toProblem', () => {
  it('reads a problem document', () => {
    const problem = toProblem(412, {
      title: 'Version mismatch',
      detail: 'The episode has changed',
      code: 'VERSION_MISMATCH',
      request_id: 'r1',
      current: { id: 'e1' },
    });
    expect(problem).toMatchObject({
      status: 412,
      code: 'VERSION_MISMATCH',
      requestId: 'r1',
      current: { id: 'e1' },
    });
    expect(problem.message).toBe('The episode has changed');
  });
  it('copes with answers that are none', () => {
    const problem = toProblem(502, '<html>Bad gateway</html>', new Headers({ 'X-Request-Id': 'r2' }));
    expect(problem).toMatchObject({ status: 502, code: 'UNKNOWN', requestId: 'r2' });
    expect(problem.message).toContain('server');
    expect(toProblem(404, null).message).toContain('exist');
  });
  it('knows when to try again', () => {
    expect(toProblem(429, {}, new Headers({ 'Retry-After': '30' })).retryAfter).toBe(30);
    expect(toProblem(429, {}, new Headers({ 'Retry-After': 'soon' })).retryAfter).toBeNull();
    expect(toProblem(429, {}).retryAfter).toBeNull();
  });
});

describe('asProblem', () => {
  it('takes a failed fetch as no connection', () => {
    expect(asProblem(new TypeError('Failed to fetch')).code).toBe('NETWORK');
    expect(asProblem('strange').code).toBe('UNEXPECTED');
  });
});

describe('fieldErrors', () => {
  it('maps to the fields of the form, and the rest to the form itself', () => {
    const problem = new ProblemError({
      status: 422,
      errors: [
        { field: 'title', code: 'REQUIRED', message: 'A title is required.' },
        { field: 'title', code: 'SHORT', message: 'Too short.' },
        { field: 'metadata', code: 'BAD', message: 'is not an object' },
      ],
    });
    expect(fieldErrors(problem, ['title', 'season_number'])).toEqual({
      title: 'A title is required.',
      '': 'Metadata is not an object.',
    });
  });
});
