import { describe, expect, it } from 'vitest';
import { listDifference, textDifference, valueText } from './changes';

describe('textDifference', () => {
  it('marks the words that changed and nothing else', () => {
    expect(textDifference('a calm lake', 'a quiet lake')).toEqual([
      { kind: 'same', text: 'a ' },
      { kind: 'removed', text: 'calm' },
      { kind: 'added', text: 'quiet' },
      { kind: 'same', text: ' lake' },
    ]);
  });
  it('copes with nothing on one side', () => {
    expect(textDifference('', 'new')).toEqual([{ kind: 'added', text: 'new' }]);
    expect(textDifference('old', '')).toEqual([{ kind: 'removed', text: 'old' }]);
    expect(textDifference('', '')).toEqual([]);
  });
  it('shows very long texts whole instead of taking forever', () => {
    const long = 'word '.repeat(1000);
    expect(textDifference(long, `${long}end`).map(({ kind }) => kind)).toEqual(['removed', 'added']);
  });
});

describe('values', () => {
  it('are shown as people read them', () => {
    expect(valueText('status', 'in_review')).toBe('In review');
    expect(valueText('air_date', '1983-03-01')).toBe('1 Mar 1983');
    expect(valueText('categories', ['a', 'b'])).toBe('a, b');
    expect(valueText('title', '')).toBeNull();
    expect(valueText('season_number', 0)).toBe('0');
  });
  it('of lists say what came and went', () => {
    expect(listDifference(['a', 'b'], ['b', 'c'])).toEqual({ added: ['c'], removed: ['a'] });
    expect(listDifference(null, ['c'])).toEqual({ added: ['c'], removed: [] });
    expect(listDifference('a', 'b')).toBeNull();
  });
});
