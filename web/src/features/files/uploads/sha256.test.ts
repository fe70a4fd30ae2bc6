import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Sha256 } from './sha256';

const bytes = (length: number) => Uint8Array.from({ length }, (_, n) => (n * 31 + 7) & 255);
const expected = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');

describe('Sha256', () => {
  it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 100_000])('is right for %i bytes', (length) => {
    const data = bytes(length);
    expect(new Sha256().update(data).digest()).toBe(expected(data));
  });
  it('does not care how the bytes are cut', () => {
    const data = bytes(10_000);
    for (const step of [1, 7, 63, 64, 65, 1_000]) {
      const hash = new Sha256();
      for (let at = 0; at < data.length; at += step) hash.update(data.subarray(at, at + step));
      expect(hash.digest()).toBe(expected(data));
    }
  });
});
