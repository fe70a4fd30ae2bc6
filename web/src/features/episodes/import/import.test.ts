import { describe, expect, it } from 'vitest';
import { errorsAsCsv } from './errors-csv';
import { formatOf } from './upload';

describe('errorsAsCsv', () => {
  it('quotes, and defuses formulas', () => {
    const csv = errorsAsCsv([{ row: 2, field: 'title', code: 'BAD', message: '=1+1, "really"' }]);
    expect(csv).toBe('row,field,code,message\r\n2,title,BAD,"\'=1+1, ""really"""\r\n');
  });
});

describe('formatOf', () => {
  it.each([
    ['a.csv', '', 'csv'],
    ['A.CSV', '', 'csv'],
    ['a.ndjson', '', 'ndjson'],
    ['a.jsonl', '', 'ndjson'],
    ['a.txt', 'text/csv', 'csv'],
    ['a.xlsx', '', null],
  ])('%s %s → %s', (name, type, expected) => {
    expect(formatOf(new File([''], name, { type }))).toBe(expected);
  });
});
