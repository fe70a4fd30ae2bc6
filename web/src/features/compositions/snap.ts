import type { Box, Size } from './document';
import { directionOf, resize, type Bounds, type Handle, type Point, type ResizeOptions } from './geometry';

/** Where edges and middles are drawn to while something is moved, and the lines that show it. */

export interface Targets {
  x: number[];
  y: number[];
}
export interface Guide {
  axis: 'x' | 'y';
  at: number;
}
export interface Snapped {
  by: Point;
  guides: Guide[];
}

/** Edges and middles of the canvas, of its safe area and of what else is on it. */
export function targetsOf(canvas: Size, all: readonly Bounds[]): Targets {
  const targets: Targets = { x: [], y: [] };
  for (const { x, y, width, height } of [{ x: 0, y: 0, ...canvas }, ...all]) {
    targets.x.push(x, x + width / 2, x + width);
    targets.y.push(y, y + height / 2, y + height);
  }
  return targets;
}

/** The least that brings one of these positions to a target, if that is near enough. */
function nearest(positions: readonly number[], targets: readonly number[], reach: number): number | null {
  let best: number | null = null;
  for (const position of positions)
    for (const target of targets) {
      const step = target - position;
      if (Math.abs(step) <= reach && (best === null || Math.abs(step) < Math.abs(best))) best = step;
    }
  return best;
}

const touches = (position: number, target: number): boolean => Math.abs(position - target) < 0.01;

function guidesAt(axis: 'x' | 'y', positions: readonly number[], targets: readonly number[]): Guide[] {
  const hit = targets.filter((target) => positions.some((position) => touches(position, target)));
  return [...new Set(hit)].map((at) => ({ axis, at }));
}

const threePoints = (at: number, length: number): number[] => [at, at + length / 2, at + length];

/** How far to move, beginning with `by`, so that an edge or the middle comes to lie on a target. */
export function snapMove(bounds: Bounds, by: Point, targets: Targets, reach: number): Snapped {
  const x = threePoints(bounds.x + by.x, bounds.width);
  const y = threePoints(bounds.y + by.y, bounds.height);
  const across = nearest(x, targets.x, reach);
  const down = nearest(y, targets.y, reach);
  const guides = [
    ...(across === null
      ? []
      : guidesAt(
          'x',
          x.map((each) => each + across),
          targets.x,
        )),
    ...(down === null
      ? []
      : guidesAt(
          'y',
          y.map((each) => each + down),
          targets.y,
        )),
  ];
  return { by: { x: by.x + (across ?? 0), y: by.y + (down ?? 0) }, guides };
}

/** The same for the edges that a handle moves. A turned box has no upright edges, and a kept ratio moves others as well. */
export function snapResize(
  box: Box,
  handle: Handle,
  by: Point,
  targets: Targets,
  options: ResizeOptions & { reach: number },
): Snapped {
  if (box.rotation % 360 !== 0 || options.keepRatio) return { by, guides: [] };
  const direction = directionOf(handle);
  const after = resize(box, handle, by, options);
  const edgeX = direction.x > 0 ? after.x + after.width : after.x;
  const edgeY = direction.y > 0 ? after.y + after.height : after.y;
  const across = direction.x === 0 ? null : nearest([edgeX], targets.x, options.reach);
  const down = direction.y === 0 ? null : nearest([edgeY], targets.y, options.reach);
  return {
    by: { x: by.x + (across ?? 0), y: by.y + (down ?? 0) },
    guides: [
      ...(across === null ? [] : [{ axis: 'x' as const, at: edgeX + across }]),
      ...(down === null ? [] : [{ axis: 'y' as const, at: edgeY + down }]),
    ],
  };
}
