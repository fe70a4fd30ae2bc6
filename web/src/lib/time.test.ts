import { describe, expect, it } from 'vitest';
import { calendarDate, dayLabel, durationText, isoDate, relativeTime } from './time';

const now = new Date(2026, 2, 12, 15, 0, 0).getTime();
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();

describe('relativeTime', () => {
  it.each([
    [-5, 'just now'],
    [10, 'just now'],
    [60, '1 min ago'],
    [59 * 60, '59 min ago'],
    [3 * 3600, '3 h ago'],
    [20 * 3600, 'yesterday'],
    [3 * 86400, '3 d ago'],
    [30 * 86400, '10 Feb'],
    [400 * 86400, '5 Feb 2025'],
  ])('%s s → %s', (seconds, expected) => {
    expect(relativeTime(ago(seconds), now)).toBe(expected);
  });
  it('says nothing about something that is not a time', () => {
    expect(relativeTime('soon', now)).toBe('');
  });
});

describe('days', () => {
  it('are never shifted by a time zone', () => {
    expect(calendarDate('1983-01-11')).toBe('11 Jan 1983');
  });
  it('have names near today', () => {
    expect(dayLabel(ago(60), now)).toBe('Today');
    expect(dayLabel(ago(20 * 3600), now)).toBe('Yesterday');
    expect(dayLabel(ago(3 * 86400), now)).toBe('Monday 9 March');
  });
  it('count back for the presets', () => {
    expect(isoDate(now)).toBe('2026-03-12');
    expect(isoDate(now, 12)).toBe('2026-02-28');
  });
});

describe('durationText', () => {
  it.each([
    [0, '<0.1 s'],
    [400, '0.4 s'],
    [12_300, '12 s'],
    [60_000, '1 min'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [273_600_000, '3 d 4 h'],
  ])('%i', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
