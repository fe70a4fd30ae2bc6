/** The outline of a sound, mirrored about the middle, in a box of 1000 by 100. */
export function outline(peaks: readonly number[]): string {
  if (!peaks.length) return '';
  const step = 1_000 / peaks.length;
  const tall = (peak: number) => Math.max(1, Math.min(1, peak) * 48);
  const point = (index: number, y: number) => `${(index * step).toFixed(1)} ${y.toFixed(1)}`;
  const above = peaks.map((peak, index) => point(index, 50 - tall(peak)));
  const below = peaks.map((peak, index) => point(index, 50 + tall(peak))).reverse();
  return `M${[...above, ...below].join('L')}Z`;
}
