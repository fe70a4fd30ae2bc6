import type { Composition } from './server';

/** The place of a card among the others after it has been moved to `index`: between its new neighbours. */
export function positionAt(cards: readonly Composition[], id: string, index: number): number | null {
  const others = cards.filter((card) => card.id !== id);
  const to = Math.min(Math.max(0, index), others.length);
  if (cards.findIndex((card) => card.id === id) === to) return null;
  const before = others[to - 1]?.position;
  const after = others[to]?.position;
  if (before === undefined && after === undefined) return null;
  if (before === undefined) return (after ?? 0) - 1;
  if (after === undefined) return before + 1;
  return (before + after) / 2;
}
