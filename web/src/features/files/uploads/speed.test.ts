import { describe, expect, it } from 'vitest';
import { Speed } from './speed';

describe('Speed', () => {
  it('knows nothing at first', () => {
    const speed = new Speed();
    expect(speed.rate()).toBeNull();
    speed.add(0, 0);
    speed.add(100, 100);
    expect(speed.rate()).toBeNull();
  });
  it('is that of the last seconds', () => {
    const speed = new Speed(2_000);
    for (let s = 0; s <= 10; s++) speed.add(s * 1_000, s * 1_000);
    for (let s = 1; s <= 4; s++) speed.add(10_000 + s * 5_000, 10_000 + s * 1_000);
    expect(speed.rate()).toBe(5_000);
  });
  it('starts anew when it goes back', () => {
    const speed = new Speed();
    speed.add(0, 0);
    speed.add(9_000, 1_000);
    speed.add(4_000, 2_000);
    expect(speed.rate()).toBeNull();
    speed.add(5_000, 3_000);
    expect(speed.rate()).toBe(1_000);
  });
});
