import type { EpisodePatch } from './patch';

interface Patch {
  id: string;
}

export interface QueueOptions<P> {
  /** One patch where two about the same record can be one; null where they can't. */
  coalesce: (earlier: P, later: P) => P | null;
  apply: (patches: P[]) => void;
  /** Instead, when there is so much that asking again is cheaper. */
  overflow: () => void;
  /** At least so many milliseconds from one handing on to the next. */
  interval?: number;
}

/** Above this many in one frame, patching costs more than asking again. */
export const patchLimit = 500;

/** One patch where two about the same record can be one. */
export function coalesce(earlier: EpisodePatch, later: EpisodePatch): EpisodePatch | null {
  if (earlier.op === 'deleted' || later.op !== 'updated') return null;
  const episode = later.episode.version >= earlier.episode.version ? later.episode : earlier.episode;
  return { ...later, op: earlier.op, episode, fields: [...new Set([...earlier.fields, ...later.fields])] };
}

/** Collects what arrives and hands it on once a frame, or four times a second in a hidden tab, which has no frames. */
export class PatchQueue<P extends Patch> {
  readonly #options: QueueOptions<P>;
  #patches: P[] = [];
  #lastOf = new Map<string, number>();
  #received = 0;
  #scheduled = false;
  #flushedAt = Number.NEGATIVE_INFINITY;

  constructor(options: QueueOptions<P>) {
    this.#options = options;
  }

  push(patch: P): void {
    this.#received++;
    const at = this.#lastOf.get(patch.id);
    const earlier = at === undefined ? undefined : this.#patches[at];
    const merged = earlier && this.#options.coalesce(earlier, patch);
    if (merged && at !== undefined) {
      this.#patches[at] = merged;
    } else if (this.#patches.length < patchLimit) {
      this.#lastOf.set(patch.id, this.#patches.length);
      this.#patches.push(patch);
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const run = () => this.flush();
    const wait = this.#flushedAt + (this.#options.interval ?? 0) - performance.now();
    if (document.hidden) setTimeout(run, 250);
    else if (wait > 0) setTimeout(run, wait);
    else requestAnimationFrame(run);
  }

  flush(): void {
    const patches = this.#patches;
    const overflowed = this.#received > patchLimit;
    this.#patches = [];
    this.#lastOf = new Map();
    this.#received = 0;
    this.#scheduled = false;
    this.#flushedAt = performance.now();
    if (overflowed) this.#options.overflow();
    else if (patches.length) this.#options.apply(patches);
  }
}
