import { shallowReactive } from 'vue';

/** Files whose content at the server this browser has compared with the file it was sent from. */

const key = 'sr.verified';
const kept = 500;

export type Verdict = 'same' | 'different';

function read(): [string, Verdict][] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(list) ? (list as [string, Verdict][]).filter((each) => Array.isArray(each)) : [];
  } catch {
    return [];
  }
}

export const verdicts = shallowReactive(new Map<string, Verdict>(read()));

export function judge(fileId: string, verdict: Verdict): void {
  verdicts.set(fileId, verdict);
  try {
    localStorage.setItem(key, JSON.stringify([...verdicts].slice(-kept)));
  } catch {
    // No storage: then it is known until the page is closed.
  }
}
