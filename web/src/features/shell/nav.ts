import { Clapperboard, History, ListChecks } from '@lucide/vue';
import type { Component } from 'vue';

export interface NavEntry {
  name: string;
  label: string;
  icon: Component;
  keys: string;
  /** Names of the routes that belong to this entry. */
  routes: readonly string[];
}

export const navigation: readonly NavEntry[] = [
  {
    name: 'episodes',
    label: 'Episodes',
    icon: Clapperboard,
    keys: 'g e',
    routes: ['episodes', 'episode', 'import'],
  },
  { name: 'jobs', label: 'Jobs', icon: ListChecks, keys: 'g j', routes: ['jobs'] },
  { name: 'activity', label: 'Activity', icon: History, keys: 'g a', routes: ['activity'] },
];
