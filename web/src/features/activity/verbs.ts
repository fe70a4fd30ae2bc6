import type { Tone } from '@/features/episodes/status';

/** The actions of the event catalogue as people say them. */
export const verbs: Record<string, { label: string; tone: Tone }> = {
  CREATE: { label: 'created', tone: 'ok' },
  UPDATE: { label: 'updated', tone: 'info' },
  PUBLISH: { label: 'published', tone: 'ok' },
  ARCHIVE: { label: 'archived', tone: 'neutral' },
  DELETE: { label: 'deleted', tone: 'danger' },
  RESTORE: { label: 'restored', tone: 'purple' },
  START: { label: 'began', tone: 'info' },
  COMPLETE: { label: 'completed', tone: 'ok' },
  RETRY: { label: 'retried', tone: 'warn' },
  FAILED: { label: 'failed', tone: 'danger' },
  CANCEL: { label: 'cancelled', tone: 'neutral' },
  LOGIN: { label: 'signed in', tone: 'neutral' },
  LOGIN_FAILED: { label: 'failed to sign in', tone: 'danger' },
  LOGOUT: { label: 'was signed out', tone: 'neutral' },
  REVOKE: { label: 'revoked', tone: 'danger' },
  BROADCAST: { label: 'sent a message', tone: 'info' },
};

export const actionOptions = [
  'CREATE',
  'UPDATE',
  'PUBLISH',
  'ARCHIVE',
  'DELETE',
  'RESTORE',
  'START',
  'COMPLETE',
  'RETRY',
  'FAILED',
  'CANCEL',
].map((value) => ({ value, label: verbs[value]?.label ?? value }));

/** Actions whose verb says it all: they are about the person themselves. */
export const selfContained: ReadonlySet<string> = new Set(['LOGIN', 'LOGIN_FAILED', 'LOGOUT', 'BROADCAST']);
