import type { LocationQuery } from 'vue-router';
import type { Episode, EpisodeStatus } from '@/api/types';
import { isStatus } from './status';

/** The list's filters and order. The page's address is where they live; this is its typed form. */
export interface EpisodeFilters {
  q?: string;
  status?: EpisodeStatus[];
  show?: string;
  season?: number;
  category?: string;
  from?: string;
  to?: string;
  deleted?: true;
  sort: EpisodeSort;
}

export const sortFields = ['code', 'title', 'status', 'air_date', 'created_at', 'updated_at'] as const;
export type SortField = (typeof sortFields)[number];
export type EpisodeSort = SortField | `-${SortField}`;
export const defaultSort: EpisodeSort = '-updated_at';

export const sortLabels: Record<SortField, string> = {
  code: 'Code',
  title: 'Title',
  status: 'Status',
  air_date: 'Air date',
  created_at: 'Created',
  updated_at: 'Updated',
};

/** Every order the list can have, with its name. */
export const sortChoices: readonly { value: EpisodeSort; label: string }[] = sortFields.flatMap((field) => {
  const dates = field.endsWith('_at') || field === 'air_date';
  const falling = {
    value: `-${field}` as const,
    label: `${sortLabels[field]}, ${dates ? 'newest first' : 'descending'}`,
  };
  const rising = { value: field, label: `${sortLabels[field]}, ${dates ? 'oldest first' : 'ascending'}` };
  return dates ? [falling, rising] : [rising, falling];
});

const text = (value: LocationQuery[string] | undefined): string | undefined => {
  const first = Array.isArray(value) ? value[0] : value;
  return first || undefined;
};

const date = (value: LocationQuery[string] | undefined): string | undefined => {
  const found = text(value);
  return found && /^\d{4}-\d{2}-\d{2}$/.test(found) ? found : undefined;
};

export function parseFilters(query: LocationQuery): EpisodeFilters {
  const filters: EpisodeFilters = { sort: parseSort(text(query.sort)) };
  const q = text(query.q)?.trim();
  const status = text(query.status)?.split(',').filter(isStatus);
  const season = Number(text(query.season) ?? Number.NaN);
  const show = text(query.show);
  const category = text(query.category);
  const from = date(query.from);
  const to = date(query.to);
  if (q) filters.q = q;
  if (status?.length) filters.status = [...new Set(status)].sort();
  if (show) filters.show = show;
  if (Number.isInteger(season)) filters.season = season;
  if (category) filters.category = category;
  if (from) filters.from = from;
  if (to) filters.to = to;
  if (text(query.deleted) === 'true') filters.deleted = true;
  return filters;
}

function parseSort(value: string | undefined): EpisodeSort {
  const field = value?.replace(/^-/, '');
  return sortFields.some((known) => known === field) ? (value as EpisodeSort) : defaultSort;
}

/** The address's query of these filters; what is at its default is left out. */
export function toQuery(filters: EpisodeFilters): Record<string, string> {
  const query: Record<string, string> = {};
  if (filters.q) query.q = filters.q;
  if (filters.status?.length) query.status = filters.status.join(',');
  if (filters.show) query.show = filters.show;
  if (filters.season !== undefined) query.season = String(filters.season);
  if (filters.category) query.category = filters.category;
  if (filters.from) query.from = filters.from;
  if (filters.to) query.to = filters.to;
  if (filters.deleted) query.deleted = 'true';
  if (filters.sort !== defaultSort) query.sort = filters.sort;
  return query;
}

/** The API's parameters for these filters, without order and paging. */
export function toParameters(filters: EpisodeFilters) {
  return {
    q: filters.q,
    status: filters.status,
    show_id: filters.show,
    season_number: filters.season,
    category: filters.category,
    air_date_from: filters.from,
    air_date_to: filters.to,
    deleted: filters.deleted,
  };
}

/** The statuses chosen after one has been pressed. */
export function toggled(
  { status = [] }: EpisodeFilters,
  pressed: EpisodeStatus,
): EpisodeStatus[] | undefined {
  const next = status.includes(pressed)
    ? status.filter((each) => each !== pressed)
    : [...status, pressed].sort();
  return next.length ? next : undefined;
}

/** Everything that narrows the list, so that an empty result can be told from an empty record. */
export const isFiltered = ({ q, status, show, season, category, from, to }: EpisodeFilters): boolean =>
  Boolean(q || status?.length || show || category || from || to) || season !== undefined;

/**
 * Whether a record belongs in the list, as far as the browser can tell. The server's full-text search knows more than
 * the plain comparison here, so this is only used for records that have just been announced.
 */
export function matches(episode: Episode, filters: EpisodeFilters): boolean {
  if (Boolean(filters.deleted) !== (episode.deleted_at !== null)) return false;
  if (filters.status && !filters.status.includes(episode.status)) return false;
  if (filters.show && episode.show_id !== filters.show) return false;
  if (filters.season !== undefined && episode.season_number !== filters.season) return false;
  if (filters.category && !episode.categories.includes(filters.category)) return false;
  if (filters.from && (episode.air_date === null || episode.air_date < filters.from)) return false;
  if (filters.to && (episode.air_date === null || episode.air_date > filters.to)) return false;
  if (filters.q) {
    const words = filters.q.toLowerCase().split(/\s+/);
    const haystack = `${episode.title} ${episode.description} ${episode.categories.join(' ')}`.toLowerCase();
    if (!words.every((word) => haystack.includes(word))) return false;
  }
  return true;
}

const rank: Record<EpisodeStatus, number> = {
  draft: 0,
  in_review: 1,
  approved: 2,
  published: 3,
  archived: 4,
};

/** The order of the list, as the server sorts it (empty values last in either direction). */
export function comparator(sort: EpisodeSort): (a: Episode, b: Episode) => number {
  const descending = sort.startsWith('-');
  const field = sort.replace(/^-/, '') as SortField;
  const sign = descending ? -1 : 1;
  const order = (a: string | number | null, b: string | number | null): number => {
    if (a === b) return 0;
    if (a === null) return 1;
    if (b === null) return -1;
    return (a < b ? -1 : 1) * sign;
  };
  return (a, b) => {
    if (field === 'code')
      return order(a.season_number, b.season_number) || order(a.episode_number, b.episode_number);
    if (field === 'status') return order(rank[a.status], rank[b.status]);
    if (field === 'title') return a.title.toLowerCase().localeCompare(b.title.toLowerCase()) * sign;
    return order(a[field], b[field]);
  };
}
