import { onScopeDispose, ref, type Ref } from 'vue';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const dayMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayMonthYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
const weekdayYear = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clockSeconds = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'medium' });

/** "just now", "4 min ago", "3 h ago", "yesterday", "5 d ago", then the date. */
export function relativeTime(iso: string, now: number): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return '';
  const age = now - time;
  if (age < 45_000) return 'just now'; // also what a clock a little behind the server's would call the future
  if (age < hour) return `${Math.max(1, Math.round(age / minute))} min ago`;
  if (age < day && sameDay(time, now)) return `${Math.round(age / hour)} h ago`;
  const days = calendarDays(time, now);
  if (days <= 1) return 'yesterday';
  if (days < 7) return `${days} d ago`;
  return shortDate(time, now);
}

export const exactTime = (iso: string): string => full.format(new Date(iso));
export const timeOfDay = (iso: string): string => clockSeconds.format(new Date(iso));
export const clockTime = (time: string | number): string => clock.format(new Date(time));

/** A calendar date ("2026-03-12") as people write it. It has no time zone, so it must not be shifted by one. */
export function calendarDate(date: string): string {
  const [year = 0, month = 1, dayOfMonth = 1] = date.split('-').map(Number);
  return dayMonthYear.format(new Date(year, month - 1, dayOfMonth));
}

/** The heading of a day in a timeline. */
export function dayLabel(iso: string, now: number): string {
  const time = Date.parse(iso);
  if (sameDay(time, now)) return 'Today';
  if (calendarDays(time, now) === 1) return 'Yesterday';
  return (sameYear(time, now) ? weekday : weekdayYear).format(time);
}

/** The local calendar day of a moment, as a key to group by. */
export function dayKey(iso: string): string {
  const date = new Date(iso);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** The local date `days` days before `now`, as an input of type date wants it. */
export function isoDate(now: number, days = 0): string {
  const date = new Date(now);
  date.setDate(date.getDate() - days);
  const part = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${part(date.getMonth() + 1)}-${part(date.getDate())}`;
}

const shortDate = (time: number, now: number) => (sameYear(time, now) ? dayMonth : dayMonthYear).format(time);
const sameYear = (a: number, b: number) => new Date(a).getFullYear() === new Date(b).getFullYear();
const sameDay = (a: number, b: number) => new Date(a).toDateString() === new Date(b).toDateString();

function calendarDays(from: number, to: number): number {
  const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0);
  return Math.round((midnight(to) - midnight(from)) / day);
}

/** A clock that goes only while something on the page shows it. */
function clockOf(step: number): () => Readonly<Ref<number>> {
  const now = ref(Date.now());
  let users = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  return () => {
    if (users++ === 0) {
      now.value = Date.now();
      timer = setInterval(() => (now.value = Date.now()), step);
    }
    onScopeDispose(() => {
      if (--users === 0) clearInterval(timer);
    });
    return now;
  };
}

/** The current time, moving every half minute: for "4 min ago". */
export const useNow = clockOf(30_000);

/** The current time, moving every second: for what runs and for countdowns. */
export const useSeconds = clockOf(1_000);

/** "<0.1 s", "0.4 s", "12 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
export function durationText(ms: number): string {
  if (ms < 50) return '<0.1 s';
  if (ms < 950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const two = (big: number, bigUnit: string, small: number, smallUnit: string) =>
    small ? `${big} ${bigUnit} ${small} ${smallUnit}` : `${big} ${bigUnit}`;
  if (seconds < 3_600) return two(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.floor(minutes / 60);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}
