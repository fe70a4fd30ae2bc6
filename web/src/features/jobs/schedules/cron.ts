/**
 * Five fields in UTC, as the server reads them: lists, ranges, steps, names of months and days. Here only to show what
 * somebody is writing; the server decides.
 */

interface FieldRule {
  name: string;
  min: number;
  max: number;
  names?: string[];
}

const rules: readonly FieldRule[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of the month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ') },
  { name: 'day of the week', min: 0, max: 7, names: 'sun mon tue wed thu fri sat'.split(' ') },
];

export interface Cron {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  days: ReadonlySet<number>;
  months: ReadonlySet<number>;
  weekdays: ReadonlySet<number>;
  anyDay: boolean;
  anyWeekday: boolean;
}

const bad = (rule: FieldRule, text: string) => new RangeError(`“${text}” is no ${rule.name}.`);

function readNumber(rule: FieldRule, text: string): number {
  const named = rule.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return rule.min + named;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= rule.min && number <= rule.max)) throw bad(rule, text);
  return number;
}

function readField(rule: FieldRule, text: string): Set<number> {
  const out = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', step, ...restSteps] = part.split('/');
    const [from = '', to, ...rest] = range.split('-');
    if (rest.length || restSteps.length) throw bad(rule, part);
    const each = step === undefined ? 1 : readNumber({ ...rule, min: 1, names: undefined }, step);
    const first = range === '*' ? rule.min : readNumber(rule, from);
    const last =
      range === '*' || (to === undefined && step !== undefined)
        ? rule.max
        : to === undefined
          ? first
          : readNumber(rule, to);
    if (last < first) throw bad(rule, part);
    for (let n = first; n <= last; n += each) out.add(rule.max === 7 ? n % 7 : n);
  }
  return out;
}

/** Throws a RangeError that says what is wrong. */
export function parseCron(text: string): Cron {
  const words = text.trim().split(/\s+/);
  if (words.length !== rules.length)
    throw new RangeError('Five fields: minute, hour, day of the month, month, day of the week.');
  const [minutes, hours, days, months, weekdays] = rules.map((rule, at) => readField(rule, words[at] ?? ''));
  const none = new Set<number>();
  return {
    minutes: minutes ?? none,
    hours: hours ?? none,
    days: days ?? none,
    months: months ?? none,
    weekdays: weekdays ?? none,
    anyDay: words[2] === '*',
    anyWeekday: words[4] === '*',
  };
}

const dayLength = 86_400_000;
const daysAhead = 8 * 366;

/** When it comes next, strictly after `time`; null when never within eight years. */
export function nextRun(cron: Cron, time: number): number | null {
  const start = Math.floor(time / 60_000) * 60_000 + 60_000;
  const today = Math.floor(start / dayLength) * dayLength;
  for (let n = 0; n < daysAhead; n++) {
    const day = today + n * dayLength;
    if (!hasDay(cron, new Date(day))) continue;
    for (let minute = n === 0 ? (start - day) / 60_000 : 0; minute < 1_440; minute++)
      if (cron.hours.has(Math.floor(minute / 60)) && cron.minutes.has(minute % 60))
        return day + minute * 60_000;
  }
  return null;
}

function hasDay(cron: Cron, date: Date): boolean {
  if (!cron.months.has(date.getUTCMonth() + 1)) return false;
  const byDate = cron.days.has(date.getUTCDate());
  const byWeekday = cron.weekdays.has(date.getUTCDay());
  return cron.anyDay || cron.anyWeekday ? byDate && byWeekday : byDate || byWeekday;
}

export function nextRuns(text: string, from: number, many: number): number[] {
  const cron = parseCron(text);
  const out: number[] = [];
  for (let at = nextRun(cron, from); at !== null && out.length < many; at = nextRun(cron, at)) out.push(at);
  return out;
}

export const cronExamples = [
  { cron: '0 * * * *', label: 'every hour' },
  { cron: '0 6 * * *', label: 'every day at 06:00' },
  { cron: '0 6 * * mon-fri', label: 'on weekdays at 06:00' },
  { cron: '*/15 * * * *', label: 'every 15 minutes' },
  { cron: '0 3 1 * *', label: 'on the 1st of each month at 03:00' },
] as const;
