/**
 * How text becomes lines. The server does the very same with the very same numbers, so a rendered file has its lines where
 * the page shows them. Kerning is not counted: what matters is that both sides count alike.
 */

/** Of one family and weight, as fonts/metrics.json has it: in the font's units. */
export interface FontMetrics {
  units_per_em: number;
  ascent: number;
  descent: number;
  default_advance: number;
  advances: Record<string, number>;
}
export interface Metrics {
  fonts: Record<string, Record<string, FontMetrics>>;
}

const unknown: FontMetrics = {
  units_per_em: 1000,
  ascent: 800,
  descent: 200,
  default_advance: 500,
  advances: {},
};

/** The closest there is: without the weight the other one. */
export function metricsOf({ fonts }: Metrics, font: string, weight: number): FontMetrics {
  const faces = fonts[font];
  return faces?.[String(weight)] ?? faces?.['400'] ?? faces?.['700'] ?? unknown;
}

// Hundredths of a pixel: what differs by less is equal.
const tolerance = 0.01;

/** The lines of a text of this size in a box of this width, in pixels. */
export function breakLines(text: string, font: FontMetrics, size: number, width: number): string[] {
  return text
    .replaceAll('\t', ' ')
    .split('\n')
    .flatMap((paragraph) => new Paragraph(font, size, width).breakUp(paragraph));
}

/** One paragraph, greedily: words with the spaces between them, for as long as they fit. */
class Paragraph {
  readonly #font: FontMetrics;
  readonly #size: number;
  readonly #width: number;
  #lines: string[] = [];
  #line: string[] = [];
  #wrapped = false;

  constructor(font: FontMetrics, size: number, width: number) {
    this.#font = font;
    this.#size = size;
    this.#width = width + tolerance;
  }

  breakUp(paragraph: string): string[] {
    for (const [index, word] of paragraph.split(' ').entries()) this.#add([...word], index === 0);
    this.#finishLine();
    return this.#lines;
  }

  #advance(character: string): number {
    return this.#font.advances[character] ?? this.#font.default_advance;
  }

  #widthOf(characters: readonly string[]): number {
    let units = 0;
    for (const character of characters) units += this.#advance(character);
    return (units / this.#font.units_per_em) * this.#size;
  }

  #add(word: string[], first: boolean): void {
    // Spaces where a line was broken are not carried into the next.
    if (!first && !(this.#wrapped && this.#line.length === 0)) {
      const longer = [...this.#line, ' ', ...word];
      if (word.length === 0 || this.#widthOf(longer) <= this.#width) {
        this.#line = longer;
        return;
      }
      this.#finishLine();
      this.#wrapped = true;
    }
    this.#line = word;
    this.#splitLong();
  }

  /** A word wider than the box is broken at characters; at least one goes into each line. */
  #splitLong(): void {
    while (this.#line.length > 1 && this.#widthOf(this.#line) > this.#width) {
      let count = 1;
      while (this.#widthOf(this.#line.slice(0, count + 1)) <= this.#width) count++;
      const rest = this.#line.slice(count);
      this.#line.length = count;
      this.#finishLine();
      this.#wrapped = true;
      this.#line = rest;
    }
  }

  #finishLine(): void {
    this.#lines.push(this.#line.join('').replace(/ +$/, ''));
    this.#line = [];
  }
}
