import { describe, expect, it } from 'vitest';
import { movesFrom } from './status';

describe('movesFrom', () => {
  it('offers the moves of the process', () => {
    expect(movesFrom('draft')).toEqual(['in_review', 'published', 'archived']);
    expect(movesFrom('archived')).toEqual(['draft']);
  });
  it('publishes only from approved where a show asks for it', () => {
    expect(movesFrom('draft', true)).toEqual(['in_review', 'archived']);
    expect(movesFrom('approved', true)).toEqual(['draft', 'published']);
  });
});
