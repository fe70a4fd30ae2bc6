import { describe, expect, it } from 'vitest';
import { aJob } from '@/test/jobs';
import { canCancel, canRetry, failureOf, runTime, timeLeft, timeLeftText, waitText } from './job';

const start = Date.parse('2026-01-01T00:00:00.000Z');
const running = (progress: number | null) =>
  aJob({ status: 'processing', attempt: 1, started_at: '2026-01-01T00:00:00.000Z', progress });

describe('timeLeft', () => {
  it('goes on at the rate so far', () => {
    expect(timeLeft(running(25), start + 10_000)).toBe(30_000);
    expect(timeLeftText(running(25), start + 10_000)).toBe('30 s left');
  });
  it('says nothing before there is something to go by, nor at the end', () => {
    expect(timeLeft(running(null), start + 10_000)).toBeNull();
    expect(timeLeft(running(1), start + 10_000)).toBeNull();
    expect(timeLeft(running(50), start + 500)).toBeNull();
    expect(timeLeft(running(100), start + 10_000)).toBeNull();
    expect(timeLeft(aJob({ progress: 50 }), start)).toBeNull();
  });
});

describe('runTime', () => {
  it('counts on while it runs, stops when it ends, and bears a clock that is behind', () => {
    expect(runTime(running(null), start + 1_500)).toBe(1_500);
    expect(runTime(running(null), start - 1_500)).toBe(0);
    const done = { ...running(100), status: 'completed' as const, finished_at: '2026-01-01T00:00:04.000Z' };
    expect(runTime(done, start + 60_000)).toBe(4_000);
    expect(runTime(aJob(), start)).toBeNull();
    expect(runTime(aJob({ attempt: 1, started_at: '2026-01-01T00:00:00.000Z' }), start)).toBeNull();
  });
});

describe('waitText', () => {
  const job = aJob({ attempt: 2, run_at: '2026-01-01T00:00:12.000Z' });
  it('counts down to the next try', () => {
    expect(waitText(job, start)).toBe('next try in 12 s');
    expect(waitText(job, start + 11_400)).toBe('next try in 1 s');
    expect(waitText(job, start + 12_000)).toBe('next try is due');
  });
  it('says when one that has not begun may', () => {
    expect(waitText({ ...job, attempt: 0 }, start)).toBe('starts in 12 s');
    expect(waitText({ ...job, attempt: 0 }, start + 12_000)).toBe('');
    expect(waitText(running(1), start)).toBe('');
  });
});

describe('what can be done', () => {
  it.each([
    ['pending', true, true],
    ['processing', false, true],
    ['failed', true, false],
    ['cancelled', true, false],
    ['completed', false, false],
  ] as const)('%s', (status, retry, cancel) => {
    expect(canRetry(aJob({ status }))).toBe(retry);
    expect(canCancel(aJob({ status }))).toBe(cancel);
  });
  it('is not stopped twice', () => {
    expect(canCancel(aJob({ status: 'processing', cancel_requested_at: '2026-01-01T00:00:00.000Z' }))).toBe(
      false,
    );
  });
});

it('reads errors, whatever they are', () => {
  expect(failureOf(null)).toBeNull();
  expect(failureOf({ code: 'X', message: 'Y' })).toEqual({ code: 'X', message: 'Y' });
  expect(failureOf({ code: 7 })).toEqual({ code: '', message: 'No reason was given.' });
});
