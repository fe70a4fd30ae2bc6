import type { EpisodePatch } from './patch';

/** Above this many in one frame, patching costs more than asking again. */
export const patchLimit = 500;

/** One patch where two about the same record can be one. */
export function coalesce(earlier: EpisodePatch, later: EpisodePatch): EpisodePatch | null {
  if (earlier.op === 'deleted' || later.op !== 'updated') return null;
  const episode = later.episode.version >= earlier.episode.version ? later.episode : earlier.episode;
  return { ...later, op: earlier.op, episode, fields: [...new Set([...earlier.fields, ...later.fields])] };
}

/** Collects what arrives and hands it on once a frame, or four times a second in a hidden tab, which has no frames. */
export class PatchQueue {
  readonly #apply: (patches: EpisodePatch[]) => void;
  readonly #overflow: () => void;
  #patches: EpisodePatch[] = [];
  #lastOf = new Map<string, number>();
  #received = 0;
  #scheduled = false;

  constructor(apply: (patches: EpisodePatch[]) => void, overflow: () => void) {
    this.#apply = apply;
    this.#overflow = overflow;
  }

  push(patch: EpisodePatch): void {
    this.#received++;
    const at = this.#lastOf.get(patch.id);
    const earlier = at === undefined ? undefined : this.#patches[at];
    const merged = earlier && coalesce(earlier, patch);
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
    if (document.hidden) setTimeout(run, 250);
    else requestAnimationFrame(run);
  }

  flush(): void {
    const patches = this.#patches;
    const overflowed = this.#received > patchLimit;
    this.#patches = [];
    this.#lastOf = new Map();
    this.#received = 0;
    this.#scheduled = false;
    if (overflowed) this.#overflow();
    else this.#apply(patches);
  }
}
