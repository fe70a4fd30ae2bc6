import { ref, watchEffect } from 'vue';

export type Theme = 'light' | 'dark' | 'system';
export type Density = 'compact' | 'normal' | 'comfortable';

/** Height of a list row in pixels. */
export const rowHeights: Record<Density, number> = { compact: 28, normal: 36, comfortable: 44 };

function stored<T extends string>(key: string, values: readonly T[], fallback: T): T {
  try {
    const value = localStorage.getItem(key);
    return values.find((known) => known === value) ?? fallback;
  } catch {
    return fallback;
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Blocked storage: the choice lasts as long as the page.
  }
}

export const theme = ref(stored<Theme>('sr.theme', ['light', 'dark', 'system'], 'system'));
export const density = ref(stored<Density>('sr.density', ['compact', 'normal', 'comfortable'], 'normal'));
export const singleKeys = ref(stored<'on' | 'off'>('sr.keys', ['on', 'off'], 'on'));

/** Applies the settings to the document and keeps them for the next visit. */
export function startTheme(): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const systemDark = ref(system.matches);
  system.addEventListener('change', (event) => (systemDark.value = event.matches));
  watchEffect(() => {
    const dark = theme.value === 'dark' || (theme.value === 'system' && systemDark.value);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', dark ? '#0f0f12' : '#ffffff');
    store('sr.theme', theme.value);
    store('sr.density', density.value);
    store('sr.keys', singleKeys.value);
  });
}

export function cycleTheme(): Theme {
  const order: Theme[] = ['light', 'dark', 'system'];
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length] ?? 'system';
  return theme.value;
}
