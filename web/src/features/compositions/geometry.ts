import type { Box, Size } from './document';

/** Boxes that are turned about their centre. Angles are degrees, clockwise. */

export interface Point {
  x: number;
  y: number;
}
/** An upright rectangle. */
export interface Bounds extends Point, Size {}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

export const centreOf = ({ x, y, width, height }: Bounds): Point => ({ x: x + width / 2, y: y + height / 2 });

/** A vector turned by an angle. */
export function turn({ x, y }: Point, degrees: number): Point {
  const sine = Math.sin(radians(degrees));
  const cosine = Math.cos(radians(degrees));
  return { x: x * cosine - y * sine, y: x * sine + y * cosine };
}

/** The smallest upright rectangle around a turned box. */
export function boundsOf(box: Box): Bounds {
  const sine = Math.abs(Math.sin(radians(box.rotation)));
  const cosine = Math.abs(Math.cos(radians(box.rotation)));
  const width = box.width * cosine + box.height * sine;
  const height = box.width * sine + box.height * cosine;
  const { x, y } = centreOf(box);
  return { x: x - width / 2, y: y - height / 2, width, height };
}

/** The smallest upright rectangle around several. */
export function around(all: readonly Bounds[]): Bounds | null {
  if (!all.length) return null;
  const x = Math.min(...all.map((each) => each.x));
  const y = Math.min(...all.map((each) => each.y));
  const right = Math.max(...all.map((each) => each.x + each.width));
  const bottom = Math.max(...all.map((each) => each.y + each.height));
  return { x, y, width: right - x, height: bottom - y };
}

export const overlap = (a: Bounds, b: Bounds): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** The rectangle between two corners, whichever they are. */
export const between = (a: Point, b: Point): Bounds => ({
  x: Math.min(a.x, b.x),
  y: Math.min(a.y, b.y),
  width: Math.abs(a.x - b.x),
  height: Math.abs(a.y - b.y),
});

export const handles = ['nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w'] as const;
export type Handle = (typeof handles)[number];

/** Which way a handle points, in the box's own directions: -1, 0 or 1. */
export const directionOf = (handle: Handle): Point => ({
  x: handle.includes('e') ? 1 : handle.includes('w') ? -1 : 0,
  y: handle.includes('s') ? 1 : handle.includes('n') ? -1 : 0,
});

/** Where a handle is on the canvas. */
export function handlePoint(box: Box, handle: Handle): Point {
  const direction = directionOf(handle);
  const offset = turn({ x: (direction.x * box.width) / 2, y: (direction.y * box.height) / 2 }, box.rotation);
  const centre = centreOf(box);
  return { x: centre.x + offset.x, y: centre.y + offset.y };
}

export interface ResizeOptions {
  keepRatio?: boolean;
  fromCentre?: boolean;
  least?: number;
}

/** The box after a handle has been dragged by a vector of the canvas; what is opposite stays where it is. */
export function resize(box: Box, handle: Handle, by: Point, options: ResizeOptions = {}): Box {
  const { keepRatio = false, fromCentre = false, least = 1 } = options;
  const direction = directionOf(handle);
  const local = turn(by, -box.rotation);
  const factor = fromCentre ? 2 : 1;
  let width = Math.max(least, box.width + direction.x * local.x * factor);
  let height = Math.max(least, box.height + direction.y * local.y * factor);
  if (keepRatio && box.width > 0 && box.height > 0) {
    const byWidth = width / box.width;
    const byHeight = height / box.height;
    const scale =
      direction.x === 0
        ? byHeight
        : direction.y === 0
          ? byWidth
          : Math.abs(byWidth - 1) > Math.abs(byHeight - 1)
            ? byWidth
            : byHeight;
    width = Math.max(least, box.width * scale);
    height = Math.max(least, box.height * scale);
  }
  const grown = fromCentre
    ? { x: 0, y: 0 }
    : { x: (direction.x * (width - box.width)) / 2, y: (direction.y * (height - box.height)) / 2 };
  const moved = turn(grown, box.rotation);
  const centre = centreOf(box);
  return {
    x: centre.x + moved.x - width / 2,
    y: centre.y + moved.y - height / 2,
    width,
    height,
    rotation: box.rotation,
  };
}

/**
 * Boxes after a handle of the upright rectangle around them has been dragged. One that is turned by anything but quarters
 * can't be stretched one way only: with such a one, all of them keep their proportions.
 */
export function resizeTogether(
  boxes: ReadonlyMap<string, Box>,
  bounds: Bounds,
  handle: Handle,
  by: Point,
  options: ResizeOptions = {},
): Map<string, Box> {
  const skewed = [...boxes.values()].some(({ rotation }) => rotation % 90 !== 0);
  const keepRatio = options.keepRatio || skewed;
  const next = resize({ ...bounds, rotation: 0 }, handle, by, { ...options, keepRatio });
  const scale = { x: next.width / (bounds.width || 1), y: next.height / (bounds.height || 1) };
  const scaled = (box: Box): Box => {
    const centre = centreOf(box);
    const lying = !skewed && Math.abs(box.rotation % 180) === 90;
    const width = box.width * (lying ? scale.y : scale.x);
    const height = box.height * (lying ? scale.x : scale.y);
    return {
      x: next.x + (centre.x - bounds.x) * scale.x - width / 2,
      y: next.y + (centre.y - bounds.y) * scale.y - height / 2,
      width,
      height,
      rotation: box.rotation,
    };
  };
  return new Map([...boxes].map(([id, box]) => [id, scaled(box)]));
}

/** From -180 (exclusive) to 180. */
export function normalAngle(degrees: number): number {
  const turned = ((degrees % 360) + 360) % 360;
  return turned > 180 ? turned - 360 : turned;
}

/** The rotation that points the top of the box at a point. */
export function rotationTowards(box: Box, point: Point, step = 0): number {
  const centre = centreOf(box);
  const angle = (Math.atan2(point.y - centre.y, point.x - centre.x) * 180) / Math.PI + 90;
  return normalAngle(step > 0 ? Math.round(angle / step) * step : angle);
}
