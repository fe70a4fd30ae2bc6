import { draftFields, same, type DraftField, type EpisodeDraft } from './draft';

export interface Conflict {
  field: DraftField;
  mine: EpisodeDraft[DraftField];
  theirs: EpisodeDraft[DraftField];
}

export interface Rebased {
  draft: EpisodeDraft;
  /** Fields I had not touched and that now show the other's value. */
  merged: DraftField[];
  /** Fields both have changed, to different values. The draft keeps mine until somebody decides. */
  conflicts: Conflict[];
}

/**
 * Carries a draft over from the record it was started from (`base`) to a newer one (`theirs`), field by field: what
 * only one of us changed is taken, what both changed alike is agreed, what both changed differently is a conflict.
 */
export function rebase(base: EpisodeDraft, draft: EpisodeDraft, theirs: EpisodeDraft): Rebased {
  const result: Rebased = { draft: { ...draft }, merged: [], conflicts: [] };
  for (const field of draftFields) {
    if (same(base[field], theirs[field])) continue;
    if (same(draft[field], theirs[field])) continue;
    if (same(base[field], draft[field])) {
      result.draft = { ...result.draft, [field]: theirs[field] };
      result.merged.push(field);
    } else {
      result.conflicts.push({ field, mine: draft[field], theirs: theirs[field] });
    }
  }
  return result;
}

/** The draft after each conflict has been decided. */
export function resolve(
  draft: EpisodeDraft,
  conflicts: readonly Conflict[],
  choice: Partial<Record<DraftField, 'mine' | 'theirs'>>,
): EpisodeDraft {
  let resolved = draft;
  for (const { field, theirs } of conflicts)
    if (choice[field] === 'theirs') resolved = { ...resolved, [field]: theirs };
  return resolved;
}

/** Conflicts found earlier and those found now; the newest value of the other side counts, agreement ends one. */
export function combine(
  earlier: readonly Conflict[],
  found: readonly Conflict[],
  draft: EpisodeDraft,
  theirs: EpisodeDraft,
): Conflict[] {
  const fields = new Set([...earlier, ...found].map(({ field }) => field));
  return draftFields
    .filter((field) => fields.has(field) && !same(draft[field], theirs[field]))
    .map((field) => ({ field, mine: draft[field], theirs: theirs[field] }));
}
