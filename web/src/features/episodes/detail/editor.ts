import { computed, ref, shallowRef, type Ref } from 'vue';
import { asProblem, fieldErrors } from '@/api/problem';
import type { Episode } from '@/api/types';
import { listing } from '@/lib/format';
import { toast } from '@/ui/toasts';
import {
  changedFields,
  difference,
  draftFields,
  emptyDraft,
  fieldNames,
  toDraft,
  validate,
  type DraftField,
  type EpisodeDraft,
} from '../draft';
import { combine, rebase, resolve, type Conflict } from '../merge';
import { adoptRecord, updateEpisode } from '../mutations';

const flashTime = 1_300;

/**
 * The form of one episode. `base` is the record it stands on: when a newer one arrives the draft is carried over, and
 * what cannot be is kept as a conflict for the person to decide. Saving always names the version it stands on, so an
 * edit that was not seen can never be overwritten.
 */
export function useEditor(who: Ref<string>, person: (id: string | null) => string) {
  const base = shallowRef<Episode | null>(null);
  const draft = ref<EpisodeDraft>(emptyDraft());
  const conflicts = shallowRef<Conflict[]>([]);
  const flashing = ref<DraftField[]>([]);
  const left = ref(new Set<DraftField>());
  const serverErrors = ref<Partial<Record<DraftField | '', string>>>({});
  const saving = ref(false);
  const comparing = ref(false);

  const changed = computed(() => (base.value ? changedFields(toDraft(base.value), draft.value) : []));
  const dirty = computed(() => changed.value.length > 0);
  const errors = computed(() => {
    const found = validate(draft.value);
    const shown: Partial<Record<DraftField, string>> = {};
    for (const field of draftFields)
      shown[field] = (left.value.has(field) ? found[field] : undefined) ?? serverErrors.value[field];
    return shown;
  });

  function load(episode: Episode): void {
    base.value = episode;
    draft.value = toDraft(episode);
    conflicts.value = [];
    left.value = new Set();
    serverErrors.value = {};
  }

  /** A newer record has come, by an event or by a refusal to save over it. */
  function receive(episode: Episode): void {
    const from = base.value;
    if (!from || from.id !== episode.id) return load(episode);
    if (episode.version < from.version) return;
    if (episode.version === from.version) {
      base.value = episode; // a status shown before the server confirmed it
      return;
    }
    const theirs = toDraft(episode);
    const result = rebase(toDraft(from), draft.value, theirs);
    base.value = episode;
    draft.value = result.draft;
    conflicts.value = combine(conflicts.value, result.conflicts, result.draft, theirs);
    if (conflicts.value.length === 0) comparing.value = false;
    flash(result.merged);
  }

  function flash(fields: DraftField[]): void {
    if (!fields.length) return;
    flashing.value = fields;
    setTimeout(() => {
      if (flashing.value === fields || flashing.value.length === fields.length) flashing.value = [];
    }, flashTime);
  }

  function decide(choice: Partial<Record<DraftField, 'mine' | 'theirs'>>): void {
    draft.value = resolve(draft.value, conflicts.value, choice);
    conflicts.value = [];
    comparing.value = false;
  }

  const decideAll = (side: 'mine' | 'theirs') =>
    decide(Object.fromEntries(conflicts.value.map(({ field }) => [field, side])));

  async function save(): Promise<boolean> {
    if (!base.value || saving.value || !dirty.value) return false;
    if (conflicts.value.length) {
      comparing.value = true;
      return false;
    }
    left.value = new Set(draftFields);
    if (Object.keys(validate(draft.value)).length) return false;
    saving.value = true;
    serverErrors.value = {};
    try {
      return await send();
    } finally {
      saving.value = false;
    }
  }

  async function send(): Promise<boolean> {
    const attempts = 3; // somebody may save between each refusal and the next try
    for (let attempt = 0; attempt < attempts; attempt++) {
      const standing = base.value;
      if (!standing) return false;
      const sent = { ...draft.value };
      try {
        const { episode_number, ...changes } = difference(toDraft(standing), sent);
        const saved = await updateEpisode(
          standing.id,
          {
            ...changes,
            ...(episode_number === undefined || episode_number === null ? {} : { episode_number }),
          },
          standing.version,
        );
        settle(saved, sent);
        return true;
      } catch (error) {
        if (!mergeAfter(error)) return false;
        if (!dirty.value) return true;
      }
    }
    return false;
  }

  /** Stands on the saved record; what was typed while it was being saved stays typed. */
  function settle(saved: Episode, sent: EpisodeDraft): void {
    if (base.value && base.value.version > saved.version) return; // an event of a later save was faster
    const result = rebase(sent, draft.value, toDraft(saved));
    base.value = saved;
    draft.value = result.draft;
    conflicts.value = [];
    left.value = new Set();
    toast('Saved', { tone: 'ok' });
  }

  /** True when the refusal could be merged and saving may be tried again. */
  function mergeAfter(error: unknown): boolean {
    const problem = asProblem(error);
    const current = problem.current as Episode | null;
    if (problem.status === 412 && current) {
      who.value = person(current.updated_by) || who.value;
      receive(current);
      adoptRecord(current);
      if (conflicts.value.length) {
        comparing.value = true;
        return false;
      }
      if (flashing.value.length)
        toast(
          `Merged ${who.value}’s change of ${listing(flashing.value.map((field) => fieldNames[field].toLowerCase()))}`,
        );
      return true;
    }
    serverErrors.value = fieldErrors(problem, draftFields);
    if (!problem.errors.length) serverErrors.value[''] = problem.message;
    return false;
  }

  return {
    base,
    draft,
    changed,
    dirty,
    errors,
    serverErrors,
    conflicts,
    flashing,
    left,
    saving,
    comparing,
    load,
    receive,
    decide,
    decideAll,
    save,
  };
}
