import { calendarDate, exactTime } from '@/lib/time';
import { fieldLabel } from '@/lib/format';
import { statusLabel } from './status';

/** A value of a record's field as people read it; null for "nothing". */
export function valueText(field: string, value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (Array.isArray(value)) return value.length ? value.join(', ') : null;
  if (field === 'status') return statusLabel(value);
  if (typeof value === 'string' && field.endsWith('_date') && /^\d{4}-\d{2}-\d{2}$/.test(value))
    return calendarDate(value);
  if (typeof value === 'string' && field.endsWith('_at')) return exactTime(value);
  if (typeof value === 'object') return JSON.stringify(value, null, 2);
  return String(value);
}

const labels: Record<string, string> = {
  season_number: 'Season',
  episode_number: 'Episode number',
  show_id: 'Show',
};

export const changeLabel = (field: string): string => labels[field] ?? fieldLabel(field);

export interface ListDifference {
  added: string[];
  removed: string[];
}

/** What came and went, for fields that are lists of words. */
export function listDifference(before: unknown, after: unknown): ListDifference | null {
  if (!Array.isArray(before) && !Array.isArray(after)) return null;
  const old = (Array.isArray(before) ? before : []).map(String);
  const now = (Array.isArray(after) ? after : []).map(String);
  return {
    added: now.filter((each) => !old.includes(each)),
    removed: old.filter((each) => !now.includes(each)),
  };
}

export interface TextPart {
  kind: 'same' | 'removed' | 'added';
  text: string;
}

const diffLimit = 400; // words on each side; beyond that the two texts are shown whole

/** The difference of two texts word by word, along their longest common subsequence. */
export function textDifference(before: string, after: string): TextPart[] {
  const old = before.match(/\s+|[^\s]+/g) ?? [];
  const now = after.match(/\s+|[^\s]+/g) ?? [];
  if (old.length > diffLimit || now.length > diffLimit)
    return join([
      { kind: 'removed', text: before },
      { kind: 'added', text: after },
    ]);
  const lengths = commonLengths(old, now);
  const parts: TextPart[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      parts.push({ kind: 'same', text: old[i] ?? '' });
      i++;
      j++;
    } else if (j >= now.length || (i < old.length && at(lengths, i + 1, j) >= at(lengths, i, j + 1))) {
      parts.push({ kind: 'removed', text: old[i++] ?? '' });
    } else {
      parts.push({ kind: 'added', text: now[j++] ?? '' });
    }
  }
  return join(parts);
}

const at = (table: number[][], i: number, j: number): number => table[i]?.[j] ?? 0;

function commonLengths(old: readonly string[], now: readonly string[]): number[][] {
  const table = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--) {
      const row = table[i];
      if (row)
        row[j] =
          old[i] === now[j]
            ? at(table, i + 1, j + 1) + 1
            : Math.max(at(table, i + 1, j), at(table, i, j + 1));
    }
  return table;
}

function join(parts: TextPart[]): TextPart[] {
  const joined: TextPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last?.kind === part.kind) last.text += part.text;
    else if (part.text) joined.push({ ...part });
  }
  return joined;
}
