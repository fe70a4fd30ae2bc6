import { describe, expect, it } from 'vitest';
import { aJob } from '@/test/jobs';
import { isJobFiltered, matchesJob, parseJobFilters, toggledStatus, toJobQuery } from './filters';

const episode = '01a1f9e5-a152-7167-99f2-9d4d8f52592e';

describe('the filters of the address', () => {
  it('come back as they were', () => {
    const filters = parseJobFilters({ status: 'failed,completed', type: 'check', queue: 'default', episode });
    expect(filters).toEqual({ status: ['completed', 'failed'], type: 'check', queue: 'default', episode });
    expect(parseJobFilters(toJobQuery(filters))).toEqual(filters);
  });
  it('are nothing the server would refuse', () => {
    expect(
      parseJobFilters({ status: 'odd', type: 'Not A Type', queue: '', episode: 'x', list: 'dead' }),
    ).toEqual({});
    expect(isJobFiltered({})).toBe(false);
  });
  it('toggle a status', () => {
    expect(toggledStatus({}, 'failed')).toEqual(['failed']);
    expect(toggledStatus({ status: ['failed'] }, 'failed')).toBeUndefined();
  });
  it('match', () => {
    const job = aJob({ episode_id: episode });
    expect(matchesJob(job, { status: ['pending'], type: 'check', queue: 'default', episode })).toBe(true);
    expect(matchesJob(job, { status: ['failed'] })).toBe(false);
    expect(matchesJob(job, { queue: 'other' })).toBe(false);
  });
});
