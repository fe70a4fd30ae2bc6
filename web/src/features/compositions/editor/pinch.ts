import type { Point } from '../geometry';
import type { View } from './view';

/** Two fingers on the canvas: it is moved with them and grows as they part. */
export function usePinch({ view, zoomTo, pan }: View) {
  const fingers = new Map<number, Point>();

  const spread = (): { distance: number; middle: Point } | null => {
    const [a, b] = [...fingers.values()];
    if (!a || !b) return null;
    return {
      distance: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)),
      middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 },
    };
  };

  /** Whether there are two now. */
  function down(event: PointerEvent, at: Point): boolean {
    if (event.pointerType !== 'touch') return false;
    if (fingers.size < 2) fingers.set(event.pointerId, at);
    return fingers.size === 2;
  }

  /** Whether the two have done something, so that nothing else should. */
  function move(event: PointerEvent, to: Point): boolean {
    const before = spread();
    if (!fingers.has(event.pointerId)) return before !== null;
    fingers.set(event.pointerId, to);
    const after = spread();
    if (!before || !after) return false;
    pan(after.middle.x - before.middle.x, after.middle.y - before.middle.y);
    zoomTo((view.zoom * after.distance) / before.distance, after.middle);
    return true;
  }

  /** Whether it was one of the two. */
  function up(event: PointerEvent): boolean {
    const pinching = fingers.size === 2;
    return fingers.delete(event.pointerId) && pinching;
  }

  return { down, move, up };
}
