import type { QueryClient } from '@tanstack/vue-query';
import { keys } from '@/api/keys';
import type { Composition } from '@/features/compositions/server';
import { eventCount, refetchSoon } from './live';

/**
 * Events about compositions. They bring the record without its document, so whoever has the document open asks for it;
 * there are few compositions, and few people on one.
 */

export const compositionEvents = [
  'composition_created',
  'composition_updated',
  'composition_published',
  'composition_reverted',
  'composition_deleted',
  'composition_restored',
] as const;
export type CompositionEventName = (typeof compositionEvents)[number];

export interface CompositionPayload {
  actor?: { id: string; name: string } | null;
  origin?: string | null;
  compositionId?: string;
  episodeId?: string;
  version?: number;
  composition?: Composition | null;
}

export interface CompositionEvent {
  id: string;
  op: 'created' | 'updated' | 'deleted' | 'restored';
  actor: { id: string; name: string } | null;
  origin: string | null;
}

const listeners = new Set<(event: CompositionEvent) => void>();

export function onCompositionEvent(listener: (event: CompositionEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const operations: Partial<Record<CompositionEventName, CompositionEvent['op']>> = {
  composition_created: 'created',
  composition_deleted: 'deleted',
  composition_restored: 'restored',
};

/** The list after an event; undefined where only the server knows. */
export function patchCards(cards: readonly Composition[], record: Composition): Composition[] {
  const known = cards.find(({ id }) => id === record.id);
  if (known && known.version >= record.version) return [...cards];
  const others = cards
    .filter(({ id }) => id !== record.id)
    // There is one primary: another's becoming it is not told of the former one.
    .map((card) => (record.primary && card.primary ? { ...card, primary: false } : card));
  return [...others, record].sort((a, b) => a.position - b.position);
}

export function applyCompositionEvent(
  client: QueryClient,
  name: CompositionEventName,
  payload: CompositionPayload,
): void {
  const { compositionId: id, episodeId, composition: record, version = 0 } = payload;
  if (!id) return;
  eventCount.value++;
  const op = operations[name] ?? 'updated';
  if (episodeId)
    client.setQueryData<Composition[]>(keys.compositionsOf(episodeId), (cards) => {
      if (!cards || op === 'deleted') return cards?.filter((card) => card.id !== id);
      return record ? patchCards(cards, record) : cards;
    });
  const open = client.getQueryData<Composition>(keys.composition(id));
  if (open && (open.version < version || op === 'deleted' || op === 'restored'))
    refetchSoon(client, keys.composition(id), 0);
  refetchSoon(client, keys.compositionVersions(id));
  if (episodeId) refetchSoon(client, keys.activityOf('episode', episodeId));
  for (const listener of listeners)
    listener({ id, op, actor: payload.actor ?? null, origin: payload.origin ?? null });
}
