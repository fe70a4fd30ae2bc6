import { BadgeCheck, CircleDashed, Globe } from '@lucide/vue';
import type { Component } from 'vue';
import type { Tone } from '@/features/episodes/status';
import type { CompositionStatus } from './server';

interface StatusFacts {
  label: string;
  tone: Tone;
  icon: Component;
  /** The verb of the move to this status. */
  move: string;
}

export const statusFacts: Record<CompositionStatus, StatusFacts> = {
  draft: { label: 'Draft', tone: 'neutral', icon: CircleDashed, move: 'Back to draft' },
  approved: { label: 'Approved', tone: 'purple', icon: BadgeCheck, move: 'Approve' },
  published: { label: 'Published', tone: 'ok', icon: Globe, move: 'Publish' },
};

/** Where a composition may go from here. */
export const movesFrom: Record<CompositionStatus, readonly CompositionStatus[]> = {
  draft: ['approved'],
  approved: ['published', 'draft'],
  published: ['draft'],
};
