import { QueryClient } from '@tanstack/vue-query';
import { expect, test, vi } from 'vitest';
import { keys } from '@/api/keys';
import type { Composition } from '@/features/compositions/server';
import { applyCompositionEvent, onCompositionEvent, patchCards } from './composition-live';

const card = (id: string, more: Partial<Composition> = {}): Composition => ({
  id,
  episode_id: 'e1',
  show_id: 's1',
  name: id,
  status: 'draft',
  primary: false,
  position: 1,
  width: 1920,
  height: 1080,
  formats: ['1920x1080'],
  version: 1,
  document_version: 1,
  created_at: '',
  created_by: null,
  updated_at: '',
  updated_by: null,
  deleted_at: null,
  ...more,
});

test('a newer record takes its card’s place, an older one does not', () => {
  const cards = [card('a'), card('b', { position: 2 })];
  expect(patchCards(cards, card('a', { version: 2, position: 3 })).map(({ id }) => id)).toEqual(['b', 'a']);
  expect(patchCards([card('a', { version: 3 })], card('a', { version: 2 }))[0]?.version).toBe(3);
});

test('there is one primary', () => {
  const cards = patchCards([card('a', { primary: true })], card('b', { primary: true, position: 2 }));
  expect(cards.map(({ primary }) => primary)).toEqual([false, true]);
});

test('an event changes the list, asks anew for a document that is open, and tells who listens', () => {
  const client = new QueryClient();
  const asked = vi.spyOn(client, 'invalidateQueries').mockResolvedValue();
  vi.useFakeTimers();
  client.setQueryData(keys.compositionsOf('e1'), [card('a')]);
  client.setQueryData(keys.composition('a'), card('a'));
  const heard = vi.fn();
  const stop = onCompositionEvent(heard);

  const actor = { id: 'u', name: 'Bob' };
  const changed = card('a', { version: 2, name: 'new' });
  applyCompositionEvent(client, 'composition_updated', {
    compositionId: 'a',
    episodeId: 'e1',
    version: 2,
    composition: changed,
    actor,
  });
  vi.advanceTimersByTime(1_000);
  expect(client.getQueryData(keys.compositionsOf('e1'))).toEqual([changed]);
  expect(asked).toHaveBeenCalledWith({ queryKey: keys.composition('a') });
  expect(heard).toHaveBeenCalledWith({ id: 'a', op: 'updated', actor, origin: null });

  applyCompositionEvent(client, 'composition_deleted', { compositionId: 'a', episodeId: 'e1', version: 3 });
  expect(client.getQueryData(keys.compositionsOf('e1'))).toEqual([]);
  expect(heard).toHaveBeenLastCalledWith({ id: 'a', op: 'deleted', actor: null, origin: null });
  stop();
  vi.useRealTimers();
});
