import { describe, expect, it } from 'vitest';
import { bytes, episodeCode, initials, listing, plural } from './format';

describe('format', () => {
  it('codes', () => {
    expect(episodeCode(1, 4)).toBe('S01E04');
    expect(episodeCode(null, 7)).toBe('E07');
    expect(episodeCode(12, 104)).toBe('S12E104');
  });
  it('plurals', () => {
    expect(plural(1, 'row')).toBe('1 row');
    expect(plural(1234, 'row')).toBe('1,234 rows');
    expect(plural(2, 'entry', 'entries')).toBe('2 entries');
  });
  it('sizes', () => {
    expect(bytes(999)).toBe('999 B');
    expect(bytes(40356)).toBe('40 kB');
    expect(bytes(999_900)).toBe('1.0 MB');
  });
  it('initials', () => {
    expect(initials('Ada Lovelace')).toBe('AL');
    expect(initials('bob')).toBe('BO');
    expect(initials('  ')).toBe('?');
  });
  it('lists', () => {
    expect(listing(['a'])).toBe('a');
    expect(listing(['a', 'b', 'c'])).toBe('a, b and c');
  });
});
