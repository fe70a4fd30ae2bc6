import { expect, it } from 'vitest';
import { outline } from './waveform';

it('draws each peak above and below the middle, silence as a line', () => {
  expect(outline([1, 0])).toBe('M0.0 2.0L500.0 49.0L500.0 51.0L0.0 98.0Z');
  expect(outline([])).toBe('');
});
