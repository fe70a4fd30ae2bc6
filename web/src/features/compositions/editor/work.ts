import { computed, ref, shallowRef, watch, type Ref } from 'vue';
import { asProblem } from '@/api/problem';
import { listing } from '@/lib/format';
import { toast } from '@/ui/toasts';
import { normalise, type Document, emptyDocument } from '../document';
import { combine, equal, merge, resolve, type Conflict, type Side } from '../merge';
import { adopt, saveDocument } from '../mutations';
import { getComposition, type FullComposition } from '../server';
import { carriedOver, done, redone, settled, started, undone, type UndoState } from '../undo';
import { findKept, forget, keep } from './kept';

const keepAfter = 400; // ms after the last change

/**
 * What is being made of one composition. `base` is the version it stands on; a newer one is merged in, also into every
 * step that can be undone. What cannot be merged is asked. Saving always names the version it stands on, so what was not
 * seen can never be overwritten.
 */
export function useWork(who: Ref<string>, person: (id: string | null) => string, readonly: Ref<boolean>) {
  const base = shallowRef<FullComposition | null>(null);
  const state = shallowRef<UndoState>(started(emptyDocument()));
  const conflicts = shallowRef<Conflict[]>([]);
  const saving = ref(false);
  const comparing = ref(false);
  const refusal = ref('');

  const document = computed(() => state.value.present);
  const dirty = computed(() => base.value !== null && !equal(base.value.document, document.value));

  function load(record: FullComposition): void {
    base.value = record;
    state.value = started(record.document);
    conflicts.value = [];
    refusal.value = '';
    if (!readonly.value) takeUp(record);
  }

  /** What was left unsaved here before, as something that can be undone. */
  function takeUp(record: FullComposition): void {
    const kept = findKept(record.id);
    if (!kept || equal(kept.document, kept.base)) return;
    const merged = merge(kept.base, kept.document, record.document);
    if (equal(merged.document, record.document)) return forget(record.id);
    state.value = done(state.value, merged.document, 'Restore unsaved work', { now: Date.now() });
    conflicts.value = merged.conflicts;
    toast('Your unsaved changes are still here', { action: { label: 'Discard', run: discard } });
  }

  function discard(): void {
    if (!base.value) return;
    state.value = started(base.value.document);
    conflicts.value = [];
    refusal.value = '';
    forget(base.value.id);
  }

  /** Steps with the same key are one. `now` is only told for a gesture, whose steps belong together however slow it is. */
  function change(
    label: string,
    edit: (document: Document) => Document,
    options: { key?: string; now?: number } = {},
  ): void {
    if (readonly.value) return;
    state.value = done(state.value, edit(document.value), label, {
      key: options.key,
      now: options.now ?? Date.now(),
    });
    refusal.value = '';
  }

  /** Takes back a gesture that was broken off, as if it had not begun. */
  function abandon(key: string): void {
    if (state.value.key !== key) return;
    state.value = { ...undone(state.value), future: [] };
  }

  /** A newer record has come, by an event or by a refusal to save over it. */
  function receive(record: FullComposition): void {
    const from = base.value;
    if (!from || from.id !== record.id) return load(record);
    if (record.version < from.version) return;
    base.value = record;
    if (equal(from.document, record.document)) return;
    const result = merge(from.document, document.value, record.document);
    const carry = (each: Document) => merge(from.document, each, record.document).document;
    state.value = carriedOver(state.value, carry);
    conflicts.value = combine(conflicts.value, result.conflicts, result.document, record.document);
    if (!conflicts.value.length) comparing.value = false;
    if (result.taken.length) announce(result.taken);
  }

  function announce(taken: readonly string[]): void {
    const most = 3;
    const more = taken.length > most ? [`${taken.length - most} more`] : [];
    toast(`${who.value}’s changes were merged`, { detail: listing([...taken.slice(0, most), ...more]) });
  }

  function decide(choice: Readonly<Record<string, Side>>): void {
    const theirs = base.value?.document;
    if (!theirs) return;
    const resolved = resolve(document.value, theirs, conflicts.value, choice);
    state.value = done(state.value, resolved, 'Settle the conflict', { now: Date.now() });
    conflicts.value = [];
    comparing.value = false;
  }

  const decideAll = (side: Side): void =>
    decide(Object.fromEntries(conflicts.value.map(({ key }) => [key, side])));

  async function save(summary = ''): Promise<boolean> {
    if (readonly.value || saving.value || !dirty.value) return false;
    saving.value = true;
    refusal.value = '';
    try {
      return await send(summary);
    } finally {
      saving.value = false;
    }
  }

  async function send(summary: string): Promise<boolean> {
    const attempts = 3; // somebody may save between each refusal and the next try
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (conflicts.value.length) {
        comparing.value = true;
        return false;
      }
      const standing = base.value;
      if (!standing) return false;
      const sent = document.value;
      try {
        settle(await saveDocument(standing, sent, summary), sent);
        return true;
      } catch (error) {
        if (!(await mergeAfter(error, standing.id))) return false;
        if (!dirty.value) return true;
      }
    }
    return false;
  }

  /** Stands on the saved record; what was changed while it was being saved stays changed. */
  function settle(saved: FullComposition, sent: Document): void {
    state.value = settled(state.value);
    if (base.value && base.value.version > saved.version) return; // an event of a later save was faster
    base.value = saved;
    if (!equal(sent, saved.document)) {
      const carry = (each: Document) => merge(sent, each, saved.document).document;
      state.value = carriedOver(state.value, carry);
    }
    toast('Saved', { tone: 'ok', detail: `Version ${saved.version}` });
  }

  /** True when saving may be tried again: what made the server refuse is known now. */
  async function mergeAfter(error: unknown, id: string): Promise<boolean> {
    const problem = asProblem(error);
    if (problem.status !== 412) {
      const first = problem.errors[0];
      refusal.value = first ? `${problem.message}: ${first.field} ${first.message}` : problem.message;
      return false;
    }
    try {
      const current = problem.current as FullComposition | null;
      const record = current?.document
        ? { ...current, document: normalise(current.document) }
        : await getComposition(id);
      who.value = person(record.updated_by) || who.value;
      receive(record);
      adopt(record);
      return true;
    } catch (reason) {
      refusal.value = asProblem(reason).message;
      return false;
    }
  }

  let timer: ReturnType<typeof setTimeout> | undefined;
  watch([document, dirty], () => {
    clearTimeout(timer);
    const record = base.value;
    if (!record || readonly.value) return;
    if (!dirty.value) return forget(record.id);
    timer = setTimeout(() => {
      if (dirty.value)
        keep(record.id, { version: record.version, base: record.document, document: document.value });
    }, keepAfter);
  });

  return {
    base,
    document,
    dirty,
    conflicts,
    saving,
    comparing,
    refusal,
    receive,
    discard,
    change,
    abandon,
    decide,
    decideAll,
    save,
    /** The next change is a step of its own. */
    settle: () => (state.value = settled(state.value)),
    undo: () => (state.value = undone(state.value)),
    redo: () => (state.value = redone(state.value)),
    undoLabel: computed(() => state.value.past.at(-1)?.label ?? null),
    redoLabel: computed(() => state.value.future.at(-1)?.label ?? null),
  };
}

export type Work = ReturnType<typeof useWork>;
