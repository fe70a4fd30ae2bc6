import { ref } from 'vue';

/** Up to when somebody has seen which jobs failed; kept in the browser, for each person. */
const storageKey = (userId: string) => `sr.jobs.seen.${userId}`;

const until = ref('');
let owner = '';

/** An ISO time; everything that failed later is news. Empty: nothing has been seen. */
export function seenUntil(userId: string): string {
  if (owner !== userId) {
    owner = userId;
    until.value = read(userId);
    addEventListener('storage', (event) => {
      if (event.key === storageKey(owner)) until.value = event.newValue ?? '';
    });
  }
  return until.value;
}

export function markSeen(userId: string, time: string): void {
  if (time <= seenUntil(userId)) return;
  until.value = time;
  try {
    localStorage.setItem(storageKey(userId), time);
  } catch {
    // Blocked storage: it is news again after a reload.
  }
}

function read(userId: string): string {
  try {
    return localStorage.getItem(storageKey(userId)) ?? '';
  } catch {
    return '';
  }
}

interface Ending {
  finished_at: string | null;
}

export const newest = (jobs: readonly Ending[]): string =>
  jobs.reduce((last, { finished_at }) => (finished_at && finished_at > last ? finished_at : last), '');

export const unseen = <J extends Ending>(jobs: readonly J[], seen: string): J[] =>
  jobs.filter(({ finished_at }) => finished_at !== null && finished_at > seen);
