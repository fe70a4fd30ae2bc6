import { onScopeDispose, shallowReactive, toValue, type MaybeRefOrGetter } from 'vue';
import { singleKeys } from './theme';

/**
 * Keys of the page. A binding is "mod+k" (Ctrl, or ⌘ on a Mac), "g e" (one after the other), "Escape", "?" …
 * Bindings without a modifier are silent while a field has the focus, while a dialog is open, and when the user has
 * turned single letters off. The last one added wins, so a page can take over a key of the shell.
 */
export interface Shortcut {
  keys: string;
  label: string;
  group: string;
  run: (event: KeyboardEvent) => void;
  when?: MaybeRefOrGetter<boolean>;
  /** Also while a field has the focus. Bindings with `mod` always do. */
  inFields?: boolean;
}

const active = shallowReactive<Shortcut[]>([]);
const sequenceTime = 1000;
let pending: { key: string; at: number } | null = null;

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

export function useShortcuts(shortcuts: Shortcut[]): void {
  active.push(...shortcuts);
  onScopeDispose(() => {
    for (const shortcut of shortcuts) active.splice(active.indexOf(shortcut), 1);
  });
}

/** What can be pressed now, for the help and the palette. */
export function availableShortcuts(): Shortcut[] {
  return active.filter((shortcut) => toValue(shortcut.when ?? true));
}

export function startShortcuts(): void {
  document.addEventListener('keydown', onKeydown);
}

function onKeydown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || isModifier(event.key)) return;
  const chord = chordOf(event);
  const sequence = pending && event.timeStamp - pending.at < sequenceTime ? `${pending.key} ${chord}` : null;
  pending = null;
  const found = (sequence && find(sequence, event)) || find(chord, event);
  if (found) {
    event.preventDefault();
    found.run(event);
  } else if (allowed({ keys: chord }, event) && active.some(({ keys }) => keys.startsWith(`${chord} `))) {
    pending = { key: chord, at: event.timeStamp };
  }
}

function find(keys: string, event: KeyboardEvent): Shortcut | undefined {
  return active.findLast((s) => s.keys === keys && toValue(s.when ?? true) && allowed(s, event));
}

function allowed(shortcut: Pick<Shortcut, 'keys' | 'inFields'>, event: KeyboardEvent): boolean {
  if (shortcut.keys.includes('mod+') || shortcut.inFields) return true;
  if (inField(event.target) || document.querySelector('[role="dialog"],[role="alertdialog"],[role="menu"]'))
    return false;
  return singleKeys.value === 'on' || shortcut.keys.length > 1 || shortcut.keys === '?';
}

function inField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

const isModifier = (key: string) => key === 'Control' || key === 'Meta' || key === 'Alt' || key === 'Shift';

export function chordOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>,
): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const letter = /^[a-z]$/.test(key);
  return [
    event.ctrlKey || event.metaKey ? 'mod+' : '',
    event.altKey ? 'alt+' : '',
    event.shiftKey && (letter || key.length > 1) ? 'shift+' : '',
    key,
  ].join('');
}

const names: Record<string, string> = {
  mod: isMac ? '⌘' : 'Ctrl',
  shift: isMac ? '⇧' : 'Shift',
  alt: isMac ? '⌥' : 'Alt',
  Enter: '↵',
  Escape: 'Esc',
  ArrowUp: '↑',
  ArrowDown: '↓',
  ' ': 'Space',
};

/** "mod+k" → ["Ctrl", "K"]; "g e" → ["G", "then", "E"]. */
export function keyCaps(keys: string): string[] {
  if (keys === ' ') return ['Space'];
  return keys.split(' ').flatMap((chord, index) => {
    const caps = chord
      .split('+')
      .map((part) => names[part] ?? (part.length === 1 ? part.toUpperCase() : part));
    return index === 0 ? caps : ['then', ...caps];
  });
}
