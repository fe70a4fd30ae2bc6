/**
 * How well `text` answers to what was typed: null for not at all, else higher is better. The letters must come in
 * order; runs, and starts of words, count more.
 */
export function score(text: string, typed: string): number | null {
  const hay = text.toLowerCase();
  const wanted = typed.trim().toLowerCase();
  if (!wanted) return 0;
  const whole = hay.indexOf(wanted);
  if (whole >= 0) return 1000 - whole - hay.length / 100 + (whole === 0 || hay[whole - 1] === ' ' ? 100 : 0);
  let points = 0;
  let from = 0;
  let previous = -2;
  for (const letter of wanted.replaceAll(' ', '')) {
    const at = hay.indexOf(letter, from);
    if (at < 0) return null;
    points += at === previous + 1 ? 5 : at === 0 || hay[at - 1] === ' ' ? 3 : 1;
    previous = at;
    from = at + 1;
  }
  return points - hay.length / 100;
}
