/** How fast something grows, by what it has done in the last seconds. */
export class Speed {
  readonly #window: number;
  #samples: { at: number; value: number }[] = [];

  constructor(window = 5_000) {
    this.#window = window;
  }

  add(value: number, at: number): void {
    const last = this.#samples.at(-1);
    // It went back: what was sent twice counts once.
    if (last && value < last.value) this.#samples = [];
    this.#samples.push({ at, value });
    while (this.#samples.length > 2 && (this.#samples[1]?.at ?? at) < at - this.#window)
      this.#samples.shift();
  }

  /** A second; null while too little is known. */
  rate(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < 250) return null;
    return ((last.value - first.value) * 1_000) / (last.at - first.at);
  }

  reset(): void {
    this.#samples = [];
  }
}
