import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ReplayCount } from './replay';

describe('ReplayCount', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('counts what comes after the connection stands, until it is quiet', () => {
    const done = vi.fn();
    const replay = new ReplayCount(done);
    replay.count(); // before: nobody asked
    replay.start();
    for (let n = 0; n < 3; n++) {
      vi.advanceTimersByTime(200);
      replay.count();
    }
    expect(done).not.toHaveBeenCalled();
    vi.advanceTimersByTime(300);
    expect(done).toHaveBeenCalledExactlyOnceWith(3);
    replay.count();
    vi.advanceTimersByTime(5_000);
    expect(done).toHaveBeenCalledTimes(1);
  });

  it('says so when nothing was missed', () => {
    const done = vi.fn();
    new ReplayCount(done).start();
    vi.advanceTimersByTime(300);
    expect(done).toHaveBeenCalledExactlyOnceWith(0);
  });

  it('ends in time also when it never gets quiet', () => {
    const done = vi.fn();
    const replay = new ReplayCount(done);
    replay.start();
    for (let n = 0; n < 30; n++) {
      vi.advanceTimersByTime(100);
      replay.count();
    }
    expect(done).toHaveBeenCalledTimes(1);
  });

  it('says nothing when the connection breaks again', () => {
    const done = vi.fn();
    const replay = new ReplayCount(done);
    replay.start();
    replay.count();
    replay.cancel();
    vi.advanceTimersByTime(5_000);
    expect(done).not.toHaveBeenCalled();
  });
});
