import type { Anchor, Box, Document, Layer, Size, TextLayer } from './document';
import { defaultLineHeight } from './document';
import { boundsOf, type Bounds, type Point } from './geometry';
import { breakLines, metricsOf, type Metrics } from './text';

/**
 * Where each layer of a document is in a format, and how large. The server's renderer does the same; both are held to the
 * cases in tests/fixtures/compositions. docs/compositions.md says the rules.
 */

/** What a layer has in pixels besides its box. */
interface Lengths {
  /** Of a text; 0 for others. */
  size: number;
  /** Of an image's or a rectangle's corners, or of the box behind a text. */
  radius: number;
  padding: number;
  strokeWidth: number;
}

export interface Placed extends Box, Lengths {
  layer: Layer;
  hidden: boolean;
}

// Hundredths of a pixel: what differs by less is equal.
const tolerance = 0.01;
const inset = 0.05;
const story = { from: 1.6, top: 0.14, bottom: 0.2 };

/** Where nothing important is cut off or covered. */
export function safeArea({ width, height }: Size): Bounds {
  const tall = height >= story.from * width;
  const top = height * (tall ? story.top : inset);
  const bottom = height * (tall ? story.bottom : inset);
  return { x: width * inset, y: top, width: width * (1 - 2 * inset), height: height - top - bottom };
}

const contains = (outer: Bounds, inner: Bounds): boolean =>
  inner.x >= outer.x - tolerance &&
  inner.y >= outer.y - tolerance &&
  inner.x + inner.width <= outer.x + outer.width + tolerance &&
  inner.y + inner.height <= outer.y + outer.height + tolerance;

/** The anchor point of a canvas. */
export function anchorPoint({ width, height }: Size, anchor: Anchor = 'center'): Point {
  return {
    x: anchor.includes('left') ? 0 : anchor.includes('right') ? width : width / 2,
    y: anchor.includes('top') ? 0 : anchor.includes('bottom') ? height : height / 2,
  };
}

function lengthsOf(layer: Layer): Lengths {
  const none = { size: 0, radius: 0, padding: 0, strokeWidth: 0 };
  if (layer.type === 'text')
    return {
      ...none,
      size: layer.size,
      radius: layer.box?.radius ?? 0,
      padding: layer.box?.padding ?? 0,
    };
  const radius = layer.radius ?? 0;
  if (layer.type === 'image') return { ...none, radius };
  return { ...none, radius, strokeWidth: layer.stroke ? (layer.stroke_width ?? 1) : 0 };
}

function asDesigned(layer: Layer): Placed {
  const { x, y, width, height, rotation } = layer;
  return { layer, x, y, width, height, rotation, hidden: layer.hidden ?? false, ...lengthsOf(layer) };
}

const multiplied = ({ size, radius, padding, strokeWidth }: Lengths, by: number): Lengths => ({
  size: size * by,
  radius: radius * by,
  padding: padding * by,
  strokeWidth: strokeWidth * by,
});

function adapted(placed: Placed, canvas: Size, format: Size): Placed {
  const across = format.width / canvas.width;
  const down = format.height / canvas.height;
  const scale = Math.min(across, down);
  const scaled = { ...placed, ...multiplied(placed, scale) };
  if (placed.layer.bleed && contains(placed, { x: 0, y: 0, ...canvas })) {
    return {
      ...scaled,
      x: placed.x * across,
      y: placed.y * down,
      width: placed.width * across,
      height: placed.height * down,
    };
  }
  const from = anchorPoint(canvas, placed.layer.anchor);
  const to = anchorPoint(format, placed.layer.anchor);
  const anchored = {
    ...scaled,
    x: to.x + (placed.x - from.x) * scale,
    y: to.y + (placed.y - from.y) * scale,
    width: placed.width * scale,
    height: placed.height * scale,
  };
  const wasSafe = contains(safeArea(canvas), boundsOf(placed));
  return wasSafe ? movedInto(shrunk(anchored, safeArea(format)), safeArea(format)) : anchored;
}

/** Small enough for the area. */
function shrunk(placed: Placed, area: Bounds): Placed {
  const extent = boundsOf(placed);
  const factor = Math.min(
    1,
    area.width / Math.max(extent.width, tolerance),
    area.height / Math.max(extent.height, tolerance),
  );
  if (factor === 1) return placed;
  const { x, y, width, height } = placed;
  return {
    ...placed,
    ...multiplied(placed, factor),
    x: x + (width * (1 - factor)) / 2,
    y: y + (height * (1 - factor)) / 2,
    width: width * factor,
    height: height * factor,
  };
}

function movedInto(placed: Placed, area: Bounds): Placed {
  const extent = boundsOf(placed);
  const push = (at: number, length: number, from: number, room: number): number =>
    at < from ? from - at : Math.min(0, from + room - at - length);
  return {
    ...placed,
    x: placed.x + push(extent.x, extent.width, area.x, area.width),
    y: placed.y + push(extent.y, extent.height, area.y, area.height),
  };
}

/** Every layer, bottom first. Without a name the format has no overrides: it is the canvas as it was designed. */
export function place(document: Document, format: Size & { name?: string }): Placed[] {
  const { canvas, overrides } = document;
  const own = format.width === canvas.width && format.height === canvas.height;
  const changes = format.name === undefined ? undefined : overrides?.[format.name];
  return document.layers.map((layer) => {
    const designed = asDesigned(layer);
    const placed = own ? designed : adapted(designed, canvas, format);
    const change = changes?.[layer.id];
    return change ? { ...placed, ...change } : placed;
  });
}

export interface TextLines {
  lines: { text: string; x: number; y: number }[];
  /** Whether the text is higher than its box. */
  overflows: boolean;
}

/** Each line with the point that its alignment and its baseline stand on, before the layer is turned. */
export function textLines(placed: Placed, layer: TextLayer, metrics: Metrics): TextLines {
  const { size, padding } = placed;
  const font = metricsOf(metrics, layer.font, layer.weight);
  const inner = {
    x: placed.x + padding,
    y: placed.y + padding,
    width: Math.max(0, placed.width - 2 * padding),
    height: placed.height - 2 * padding,
  };
  const texts = breakLines(layer.text, font, size, inner.width);
  const pitch = (layer.line_height ?? defaultLineHeight) * size;
  const spare = inner.height - pitch * texts.length;
  const above = { top: 0, middle: spare / 2, bottom: spare }[layer.valign];
  // Half of what the line is higher than its glyphs is above them, as in CSS.
  const em = size / font.units_per_em;
  const first = inner.y + above + (pitch - (font.ascent + font.descent) * em) / 2 + font.ascent * em;
  const x = {
    left: inner.x,
    center: placed.x + placed.width / 2,
    right: inner.x + inner.width,
  }[layer.align];
  return {
    lines: texts.map((text, index) => ({ text, x, y: first + pitch * index })),
    overflows: spare < -tolerance,
  };
}
