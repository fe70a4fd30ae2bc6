import { shallowReactive } from 'vue';
import { asProblem } from '@/api/problem';

export interface Toast {
  id: number;
  tone: 'neutral' | 'ok' | 'danger';
  text: string;
  detail?: string;
  action?: { label: string; run: () => void };
}

const shown = 3;
const lifetime = 5000;
const undoLifetime = 8000;
let lastId = 0;

export const toasts = shallowReactive<Toast[]>([]);
const timers = new Map<number, ReturnType<typeof setTimeout>>();

export function toast(text: string, options: Partial<Omit<Toast, 'id' | 'text'>> = {}): number {
  const twin = toasts.find((each) => each.text === text && each.tone === options.tone && !each.action);
  if (twin) dismiss(twin.id);
  const entry: Toast = { id: ++lastId, tone: 'neutral', text, ...options };
  toasts.push(entry);
  while (toasts.length > shown) dismiss(toasts[0]?.id ?? 0);
  resume(entry);
  return entry.id;
}

/** Errors stay until they are closed. */
export function toastError(text: string, error: unknown, retry?: () => void): void {
  const problem = asProblem(error);
  toast(text, {
    tone: 'danger',
    detail: problem.requestId ? `${problem.message} (request ${problem.requestId})` : problem.message,
    action: retry ? { label: 'Retry', run: retry } : undefined,
  });
}

export function dismiss(id: number): void {
  const index = toasts.findIndex((entry) => entry.id === id);
  if (index >= 0) toasts.splice(index, 1);
  pause(id);
}

/** The clock stands still while the pointer or the focus is on a toast. */
export function pause(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
}

export function resume(entry: Toast): void {
  if (entry.tone === 'danger') return;
  pause(entry.id);
  timers.set(
    entry.id,
    setTimeout(() => dismiss(entry.id), entry.action ? undoLifetime : lifetime),
  );
}
