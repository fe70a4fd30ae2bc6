// Short slices of every subject in turn, because the machine is shared: what matters is the ratio
// of two neighbours, not either number.
import { cpuSecondsOfEnded } from "./processes.mjs";

const median = (numbers) => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** One slice, with the processor time per request of everyone who had a part in it. */
async function measure(stage, subject) {
  const before = { ...stage.cpu(), load: cpuSecondsOfEnded(process.pid) };
  const result = await subject.slice();
  await stage.settle();
  const after = { ...stage.cpu(), load: cpuSecondsOfEnded(process.pid) };
  const perRequest = (who) => ((after[who] - before[who]) * 1e6) / result.requests;
  return {
    rate: result.requests / result.seconds,
    p50: result.p50_ms ?? result.mean_ms,
    p99: result.p99_ms ?? Number.NaN,
    server_us: subject.process ? perRequest(subject.process) : 0,
    postgres_us: perRequest("postgres"),
    load_us: perRequest("load"),
  };
}

/**
 * Measures the subjects in turn, `rounds` times, forwards and backwards. Each subject becomes its
 * medians, with `ratio(other)`: the median of the ratios round by round.
 */
export async function compare(stage, subjects, rounds) {
  const slices = new Map(subjects.map((subject) => [subject.name, []]));
  for (let round = 0; round < rounds; ++round) {
    const order = round % 2 === 0 ? subjects : subjects.toReversed();
    for (const subject of order) slices.get(subject.name).push(await measure(stage, subject));
  }
  const results = new Map();
  for (const [name, measured] of slices) {
    const of = (key) => median(measured.map((each) => each[key]));
    const result = { name, measured };
    for (const key of Object.keys(measured[0])) result[key] = of(key);
    result.ratio = (other) => {
      const ratios = measured.map((each, round) => each.rate / slices.get(other)[round].rate);
      return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
    };
    results.set(name, result);
  }
  return results;
}

/**
 * The same for slices that say themselves what they came to; `of` takes what counts out of one.
 */
export async function measureRounds(subjects, rounds) {
  const slices = new Map(subjects.map((subject) => [subject.name, []]));
  for (let round = 0; round < rounds; ++round) {
    const order = round % 2 === 0 ? subjects : subjects.toReversed();
    for (const subject of order) slices.get(subject.name).push(await subject.slice());
  }
  return {
    of: (name) => slices.get(name),
    median: (name, of) => median(slices.get(name).map(of)),
    ratio: (name, other, of) => {
      const ratios = slices.get(name).map((each, round) => of(each) / of(slices.get(other)[round]));
      return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
    },
  };
}
