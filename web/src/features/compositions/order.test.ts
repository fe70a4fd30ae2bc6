import { expect, test } from 'vitest';
import { positionAt } from './order';
import type { Composition } from './server';

const cards = [1, 2, 4].map((position) => ({ id: `c${position}`, position })) as Composition[];

test('a card goes between its new neighbours, before the first, or after the last', () => {
  expect(positionAt(cards, 'c4', 1)).toBe(1.5);
  expect(positionAt(cards, 'c1', 1)).toBe(3);
  expect(positionAt(cards, 'c4', 0)).toBe(0);
  expect(positionAt(cards, 'c1', 9)).toBe(5);
});

test('where it is already it stays', () => {
  expect(positionAt(cards, 'c2', 1)).toBeNull();
  expect(positionAt(cards.slice(0, 1), 'c1', 3)).toBeNull();
});
