import { describe, expect, it } from 'vitest';
import { score } from './match';

describe('score', () => {
  it('wants the letters in order', () => {
    expect(score('New episode', 'nep')).not.toBeNull();
    expect(score('New episode', 'pen')).toBeNull();
    expect(score('New episode', '')).toBe(0);
  });
  it('prefers a whole word to scattered letters', () => {
    expect(score('Settings', 'set') ?? 0).toBeGreaterThan(score('Sort episodes twice', 'set') ?? 0);
  });
});
