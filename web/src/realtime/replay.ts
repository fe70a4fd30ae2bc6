/** So long after the last one, nothing more of what was missed is under way. */
const quietTime = 300;
/** A busy server never is quiet: then what has come by now is what was missed. */
const limit = 2_000;

/**
 * Counts what the server sends again after a break. It answers the connection first and then sends what was missed, one
 * event after the other, with no mark at the end: the end is when it is quiet.
 */
export class ReplayCount {
  readonly #done: (count: number) => void;
  #events = 0;
  #until = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(done: (count: number) => void) {
    this.#done = done;
  }

  start(): void {
    this.cancel();
    this.#events = 0;
    this.#until = performance.now() + limit;
    this.#wait();
  }

  count(): void {
    if (this.#timer === undefined) return;
    this.#events++;
    if (performance.now() < this.#until) this.#wait();
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#done(this.#events);
    }, quietTime);
  }
}
