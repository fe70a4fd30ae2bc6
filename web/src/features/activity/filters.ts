import type { LocationQuery } from 'vue-router';

export interface ActivityFilters {
  user?: string;
  action?: string;
  type?: string;
  from?: string;
  to?: string;
  q?: string;
}

const names = ['user', 'action', 'type', 'from', 'to', 'q'] as const;

export function parseActivityFilters(query: LocationQuery): ActivityFilters {
  const filters: ActivityFilters = {};
  for (const name of names) {
    const value = query[name];
    if (typeof value === 'string' && value.trim()) filters[name] = value.trim();
  }
  return filters;
}

/** The API's parameters. Days are whole days of the person who asks. */
export function toActivityParameters({ user, action, type, from, to, q }: ActivityFilters) {
  return {
    user_id: user,
    action,
    resource_type: type,
    q,
    from: from ? dayStart(from, 0) : undefined,
    to: to ? dayStart(to, 1) : undefined,
  };
}

function dayStart(date: string, later: number): string | undefined {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const time = new Date(year, month - 1, day + later);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
