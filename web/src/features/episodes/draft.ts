import type { Episode } from '@/api/types';

/** What the forms edit. A number that has not been typed yet is null; whether it may stay so is for `validate` to say. */
export interface EpisodeDraft {
  title: string;
  season_number: number | null;
  episode_number: number | null;
  air_date: string | null;
  categories: string[];
  description: string;
}

export type DraftField = keyof EpisodeDraft;
export const draftFields: readonly DraftField[] = [
  'title',
  'season_number',
  'episode_number',
  'air_date',
  'categories',
  'description',
];

export const fieldNames: Record<DraftField, string> = {
  title: 'Title',
  season_number: 'Season',
  episode_number: 'Episode number',
  air_date: 'Air date',
  categories: 'Categories',
  description: 'Description',
};

export const limits = {
  title: 200,
  description: 20_000,
  categories: 50,
  category: 60,
  season: 100_000,
  number: 1_000_000,
};

export const emptyDraft = (): EpisodeDraft => ({
  title: '',
  season_number: null,
  episode_number: null,
  air_date: null,
  categories: [],
  description: '',
});

export const toDraft = (episode: Episode): EpisodeDraft => ({
  title: episode.title,
  season_number: episode.season_number,
  episode_number: episode.episode_number,
  air_date: episode.air_date,
  categories: [...episode.categories],
  description: episode.description,
});

export function same(a: EpisodeDraft[DraftField], b: EpisodeDraft[DraftField]): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, at) => item === b[at]);
  return a === b;
}

export const changedFields = (from: EpisodeDraft, to: EpisodeDraft): DraftField[] =>
  draftFields.filter((field) => !same(from[field], to[field]));

/** The fields in which `to` differs, with its values: the body of a PATCH. */
export function difference(from: EpisodeDraft, to: EpisodeDraft): Partial<EpisodeDraft> {
  return Object.fromEntries(changedFields(from, to).map((field) => [field, to[field]]));
}

export function validate(draft: EpisodeDraft): Partial<Record<DraftField, string>> {
  const errors: Partial<Record<DraftField, string>> = {};
  if (!draft.title.trim()) errors.title = 'Give the episode a title.';
  else if (draft.title.length > limits.title) errors.title = `At most ${limits.title} characters.`;
  if (draft.episode_number === null) errors.episode_number = 'Give the episode a number.';
  else if (!isNumber(draft.episode_number, limits.number))
    errors.episode_number = 'A whole number, zero or more.';
  if (draft.season_number !== null && !isNumber(draft.season_number, limits.season))
    errors.season_number = 'A whole number, zero or more.';
  if (draft.description.length > limits.description)
    errors.description = `At most ${limits.description} characters.`;
  return errors;
}

const isNumber = (value: number, most: number): boolean =>
  Number.isInteger(value) && value >= 0 && value <= most;

/** What a number field holds; NaN for something that is not a number, so that validation can say so. */
export function parseNumber(text: string): number | null {
  const trimmed = text.trim();
  return trimmed === '' ? null : Number(trimmed);
}
