import type { EpisodeStatus } from '@/api/types';

export type Tone = 'neutral' | 'info' | 'warn' | 'purple' | 'ok' | 'danger';

interface StatusFacts {
  label: string;
  tone: Tone;
  /** The verb of the move to this status. */
  move: string;
}

export const statusFacts: Record<EpisodeStatus, StatusFacts> = {
  draft: { label: 'Draft', tone: 'neutral', move: 'Back to draft' },
  in_review: { label: 'In review', tone: 'warn', move: 'Send to review' },
  approved: { label: 'Approved', tone: 'purple', move: 'Approve' },
  published: { label: 'Published', tone: 'ok', move: 'Publish' },
  archived: { label: 'Archived', tone: 'neutral', move: 'Archive' },
};

export const statuses: readonly EpisodeStatus[] = ['draft', 'in_review', 'approved', 'published', 'archived'];

const moves: Record<EpisodeStatus, readonly EpisodeStatus[]> = {
  draft: ['in_review', 'published', 'archived'],
  in_review: ['draft', 'approved', 'published'],
  approved: ['draft', 'published'],
  published: ['draft', 'archived'],
  archived: ['draft'],
};

/** Where an episode may go from here. A show that asks for approval publishes only from approved. */
export function movesFrom(status: EpisodeStatus, requiresApproval = false): readonly EpisodeStatus[] {
  const all = moves[status];
  if (!requiresApproval || status === 'approved') return all;
  return all.filter((next) => next !== 'published');
}

export const isStatus = (value: string): value is EpisodeStatus => value in statusFacts;

export const statusLabel = (value: unknown): string =>
  typeof value === 'string' && isStatus(value) ? statusFacts[value].label : String(value);
