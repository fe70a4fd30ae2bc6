import { describe, expect, it } from 'vitest';
import { nextRun, nextRuns, parseCron } from './cron';

const next = (cron: string, from: string): string | null => {
  const at = nextRun(parseCron(cron), Date.parse(from));
  return at === null ? null : new Date(at).toISOString().slice(0, 16);
};

describe('nextRun', () => {
  it.each([
    ['0 6 * * *', '2026-03-12T05:59:30Z', '2026-03-12T06:00'],
    ['0 6 * * *', '2026-03-12T06:00:00Z', '2026-03-13T06:00'],
    ['*/15 * * * *', '2026-03-12T06:01:00Z', '2026-03-12T06:15'],
    ['5/20 * * * *', '2026-03-12T06:06:00Z', '2026-03-12T06:25'],
    ['0 6 * * mon-fri', '2026-03-13T07:00:00Z', '2026-03-16T06:00'],
    ['0 6 * * 7', '2026-03-13T07:00:00Z', '2026-03-15T06:00'],
    ['0 0 29 feb *', '2026-03-01T00:00:00Z', '2028-02-29T00:00'],
    // As cron has it: where both are given, either will do.
    ['0 0 13 * fri', '2026-03-02T00:00:00Z', '2026-03-06T00:00'],
    ['0 0 1,15 * *', '2026-03-02T00:00:00Z', '2026-03-15T00:00'],
  ])('%s after %s', (cron, from, expected) => {
    expect(next(cron, from)).toBe(expected);
  });
  it('knows what never comes', () => {
    expect(next('0 0 31 feb *', '2026-01-01T00:00:00Z')).toBeNull();
    expect(nextRuns('0 0 31 feb *', 0, 3)).toEqual([]);
  });
  it('lists several', () => {
    expect(nextRuns('0 * * * *', 0, 3)).toEqual([3_600_000, 7_200_000, 10_800_000]);
  });
});

describe('parseCron', () => {
  it.each([
    '',
    '* * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * foo *',
    '5-1 * * * *',
    '*/0 * * * *',
    '1-2-3 * * * *',
  ])('refuses %s', (text) => {
    expect(() => parseCron(text)).toThrow(RangeError);
  });
});
