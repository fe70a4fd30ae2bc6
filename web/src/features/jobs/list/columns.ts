export const jobColumns = [
  { id: 'select', label: '' },
  { id: 'type', label: 'Type' },
  { id: 'episode', label: 'Episode' },
  { id: 'status', label: 'Status' },
  { id: 'progress', label: 'Progress' },
  { id: 'attempt', label: 'Attempt' },
  { id: 'started', label: 'Started' },
  { id: 'duration', label: 'Duration' },
  { id: 'by', label: 'By' },
] as const;

/** Below 1100 px who started it is left to the drawer. */
export const jobGrid =
  'grid-cols-[32px_minmax(110px,1fr)_minmax(100px,1.2fr)_110px_minmax(150px,1.3fr)_62px_96px_92px_minmax(90px,0.6fr)] max-lg:grid-cols-[32px_minmax(100px,1fr)_minmax(90px,1fr)_104px_minmax(140px,1.2fr)_58px_92px_84px]';
