import { keys } from '@/api/keys';
import { asProblem } from '@/api/problem';
import { queryClient } from '@/api/query';
import { randomId } from '@/lib/client-id';
import { listing } from '@/lib/format';
import { patchCards } from '@/realtime/composition-live';
import { refetchSoon } from '@/realtime/live';
import { toast, toastError } from '@/ui/toasts';
import type { Document } from './document';
import {
  createComposition,
  deleteComposition,
  deleteTemplate,
  moveComposition,
  patchComposition,
  restoreComposition,
  revertComposition,
  type Composition,
  type CompositionCreate,
  type CompositionPatch,
  type CompositionStatus,
  type CompositionTemplate,
  type FullComposition,
} from './server';
import { statusFacts } from './status';

/** What the server has confirmed, into every cache that shows it. */
export function adopt(record: FullComposition): void {
  queryClient.setQueryData<FullComposition>(keys.composition(record.id), (known) =>
    known && known.version > record.version ? known : record,
  );
  adoptCard(record);
}

/** The same for the lists, which have no documents. */
function adoptCard(record: FullComposition): void {
  queryClient.setQueryData<Composition[]>(keys.compositionsOf(record.episode_id), (cards) =>
    cards && record.deleted_at === null ? patchCards(cards, record) : cards,
  );
  refetchSoon(queryClient, keys.compositionVersions(record.id));
}

export async function create(values: CompositionCreate, key: string): Promise<FullComposition> {
  const made = await createComposition(values, key);
  adopt(made);
  return made;
}

export async function saveDocument(
  standing: Composition,
  document: Document,
  summary: string,
): Promise<FullComposition> {
  const changes = { document, ...(summary.trim() ? { summary: summary.trim() } : {}) };
  const saved = await patchComposition(standing.id, changes, standing.version);
  adopt(saved);
  return saved;
}

/** A change of what is not in the document. It is not about what others see, so it is tried on the newest version. */
export async function change(record: Composition, changes: CompositionPatch, what: string): Promise<boolean> {
  try {
    adopt(await patchComposition(record.id, changes, record.version));
    return true;
  } catch (error) {
    refetchSoon(queryClient, keys.compositions);
    toastError(`“${record.name}” could not be ${what}`, error);
    return false;
  }
}

export async function duplicate(record: Composition): Promise<FullComposition | null> {
  try {
    const values = {
      episode_id: record.episode_id,
      name: `${record.name.slice(0, 180)} (copy)`,
      copy_of: record.id,
    };
    const made = await create(values, randomId());
    toast(`“${made.name}” created`, { tone: 'ok' });
    return made;
  } catch (error) {
    toastError(`“${record.name}” could not be duplicated`, error, () => void duplicate(record));
    return null;
  }
}

export async function remove(record: Composition): Promise<boolean> {
  try {
    await deleteComposition(record.id);
  } catch (error) {
    toastError(`“${record.name}” could not be deleted`, error, () => void remove(record));
    return false;
  }
  queryClient.setQueryData<Composition[]>(keys.compositionsOf(record.episode_id), (all) =>
    all?.filter(({ id }) => id !== record.id),
  );
  refetchSoon(queryClient, keys.composition(record.id));
  toast(`“${record.name}” deleted`, {
    tone: 'ok',
    action: { label: 'Undo', run: () => void restore(record) },
  });
  return true;
}

export async function restore(record: Pick<Composition, 'id' | 'name'>): Promise<FullComposition | null> {
  try {
    const restored = await restoreComposition(record.id);
    adopt(restored);
    toast(`“${restored.name}” restored`, { tone: 'ok' });
    return restored;
  } catch (error) {
    toastError(`“${record.name}” could not be restored`, error);
    return null;
  }
}

export async function move(
  record: Composition,
  status: CompositionStatus,
  reason?: string,
): Promise<boolean> {
  try {
    adopt(await moveComposition(record.id, status, reason));
    toast(`“${record.name}” is now ${statusFacts[status].label.toLowerCase()}`, { tone: 'ok' });
    return true;
  } catch (error) {
    const { code, allowed, message } = asProblem(error);
    if (code !== 'INVALID_MOVE') {
      toastError('The status could not be changed', error, () => void move(record, status, reason));
      return false;
    }
    toast('The status could not be changed', {
      tone: 'danger',
      detail: allowed.length ? `From here it can become ${listing(allowed)}.` : message,
    });
    refetchSoon(queryClient, keys.compositions);
    return false;
  }
}

export async function revert(record: Composition, version: number): Promise<FullComposition | null> {
  try {
    const reverted = await revertComposition(record.id, version);
    adopt(reverted);
    toast(`Back to version ${version}`, { tone: 'ok', detail: `Saved as version ${reverted.version}.` });
    return reverted;
  } catch (error) {
    toastError(`“${record.name}” could not be taken back`, error, () => void revert(record, version));
    return null;
  }
}

export async function removeTemplate(template: CompositionTemplate): Promise<boolean> {
  try {
    await deleteTemplate(template.id);
  } catch (error) {
    refetchSoon(queryClient, keys.compositionTemplates);
    toastError(`The template “${template.name}” could not be deleted`, error);
    return false;
  }
  queryClient.setQueryData<CompositionTemplate[]>(keys.compositionTemplates, (all) =>
    all?.filter(({ id }) => id !== template.id),
  );
  toast(`The template “${template.name}” was deleted`, { tone: 'ok' });
  return true;
}
