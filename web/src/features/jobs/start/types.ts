import type { JobType } from '@/api/types';

interface Who {
  canEdit: boolean;
  isAdmin: boolean;
}

/** The types that this person may start; the server has the last word. */
export function startableTypes(types: readonly JobType[], who: Who, aboutEpisode: boolean): JobType[] {
  const may = { viewer: true, editor: who.canEdit, admin: who.isAdmin } as Record<string, boolean>;
  return types.filter(
    ({ role, about }) => (may[role] ?? false) && (about === 'show' || (!aboutEpisode && who.isAdmin)),
  );
}
