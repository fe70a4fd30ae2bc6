import type { Document } from '../document';

/** Unsaved work, kept in the browser against a crash, a closed tab, a lost session. */
export interface Kept {
  /** What the work stands on. */
  version: number;
  base: Document;
  document: Document;
}

const nameOf = (id: string): string => `sr.composition.${id}`;

export function keep(id: string, work: Kept): void {
  try {
    localStorage.setItem(nameOf(id), JSON.stringify(work));
  } catch {
    // Nowhere to keep it; the page itself still has it.
  }
}

export function forget(id: string): void {
  try {
    localStorage.removeItem(nameOf(id));
  } catch {
    // Then nothing was kept either.
  }
}

export function findKept(id: string): Kept | null {
  try {
    const text = localStorage.getItem(nameOf(id));
    const work = text === null ? null : (JSON.parse(text) as Partial<Kept>);
    return work?.base && work.document && typeof work.version === 'number' ? (work as Kept) : null;
  } catch {
    return null;
  }
}
