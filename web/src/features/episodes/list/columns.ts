import type { SortField } from '../filters';

export interface Column {
  id: 'code' | 'title' | 'show' | 'status' | 'air_date' | 'updated';
  label: string;
  sort?: SortField;
}

/** The grid's columns; the show's only where there is more than one to tell apart. */
export function columnsFor(manyShows: boolean): Column[] {
  const all: Column[] = [
    { id: 'code', label: 'Code', sort: 'code' },
    { id: 'title', label: 'Title', sort: 'title' },
    { id: 'show', label: 'Show' },
    { id: 'status', label: 'Status', sort: 'status' },
    { id: 'air_date', label: 'Air date', sort: 'air_date' },
    { id: 'updated', label: 'Updated', sort: 'updated_at' },
  ];
  return manyShows ? all : all.filter(({ id }) => id !== 'show');
}

export const gridTemplate = (manyShows: boolean): string =>
  manyShows
    ? 'grid-cols-[88px_minmax(0,1fr)_minmax(96px,160px)_124px_104px_188px]'
    : 'grid-cols-[88px_minmax(0,1fr)_124px_104px_188px]';
