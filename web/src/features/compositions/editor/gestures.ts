import { ref, shallowRef } from 'vue';
import type { Box } from '../document';
import {
  around,
  between,
  boundsOf,
  overlap,
  resize,
  resizeTogether,
  rotationTowards,
  type Bounds,
  type Handle,
  type Point,
} from '../geometry';
import { safeArea } from '../layout';
import { snapMove, snapResize, targetsOf, type Guide, type Targets } from '../snap';
import type { Editor } from './editor';
import type { View } from './view';

/** What the pointer does on the canvas, from pressing to letting go. */

const threshold = 3; // pixels of the window before a press becomes a drag
const reach = 6; // pixels of the window within which edges are drawn to each other
const angleStep = 15;

interface Keys {
  shift: boolean;
  alt: boolean;
  /** Held, nothing is drawn to anything. */
  free: boolean;
}

type Gesture = { start: Point } & (
  | { kind: 'move'; key: string; boxes: Map<string, Box>; bounds: Bounds; targets: Targets }
  | { kind: 'resize'; key: string; id: string; box: Box; handle: Handle; targets: Targets }
  | { kind: 'scale'; key: string; boxes: Map<string, Box>; bounds: Bounds; handle: Handle; targets: Targets }
  | { kind: 'rotate'; key: string; id: string; box: Box }
  | { kind: 'marquee'; before: ReadonlySet<string> }
  | { kind: 'pan' }
);

const boxOf = ({ x, y, width, height, rotation }: Box): Box => ({ x, y, width, height, rotation });

export function useGestures(editor: Editor, { view, toCanvas, pan }: View) {
  const guides = shallowRef<Guide[]>([]);
  const marquee = shallowRef<Bounds | null>(null);
  const active = ref<Gesture['kind'] | null>(null);
  let gesture: Gesture | null = null;
  let moved = false;
  let last: Point = { x: 0, y: 0 };

  function targets(): Targets {
    const others = editor.placed.value.filter(
      ({ hidden, layer }) => !hidden && !editor.selected.value.has(layer.id),
    );
    return targetsOf(editor.format.value, [safeArea(editor.format.value), ...others.map(boundsOf)]);
  }

  function begin(next: Gesture): void {
    gesture = next;
    moved = false;
    last = next.start;
  }

  function startMove(start: Point): void {
    const boxes = new Map(editor.movable.value.map((each) => [each.layer.id, boxOf(each)]));
    const bounds = around([...boxes.values()].map(boundsOf));
    if (!bounds || editor.readonly.value) return;
    begin({ kind: 'move', start, key: editor.nextGesture(), boxes, bounds, targets: targets() });
  }

  function startHandle(start: Point, handle: Handle | 'rotate'): void {
    if (editor.movable.value.length > 1 && handle !== 'rotate') return startScale(start, handle);
    const only = editor.single.value;
    if (!only || only.layer.locked || editor.readonly.value) return;
    const common = { start, key: editor.nextGesture(), id: only.layer.id, box: boxOf(only) };
    if (handle === 'rotate') begin({ kind: 'rotate', ...common });
    else begin({ kind: 'resize', handle, targets: targets(), ...common });
  }

  /** Of several at once, about the rectangle around them. */
  function startScale(start: Point, handle: Handle): void {
    const boxes = new Map(editor.movable.value.map((each) => [each.layer.id, boxOf(each)]));
    const bounds = editor.common.value;
    if (!bounds || editor.readonly.value) return;
    begin({ kind: 'scale', start, key: editor.nextGesture(), boxes, bounds, handle, targets: targets() });
  }

  const startMarquee = (start: Point, adding: boolean): void =>
    begin({ kind: 'marquee', start, before: adding ? editor.selected.value : new Set() });

  const startPan = (start: Point): void => begin({ kind: 'pan', start });

  function drag(to: Point, keys: Keys): void {
    if (!gesture) return;
    if (!moved && Math.hypot(to.x - gesture.start.x, to.y - gesture.start.y) < threshold) return;
    moved = true;
    active.value = gesture.kind;
    const by = { x: (to.x - gesture.start.x) / view.zoom, y: (to.y - gesture.start.y) / view.zoom };
    if (gesture.kind === 'pan') pan(to.x - last.x, to.y - last.y);
    else if (gesture.kind === 'marquee') selectWithin(gesture, to);
    else if (gesture.kind === 'rotate') {
      const rotation = rotationTowards(gesture.box, toCanvas(to), keys.shift ? angleStep : 0);
      write(gesture.key, 'Rotate', new Map([[gesture.id, { rotation }]]));
    } else if (gesture.kind === 'move') dragMove(gesture, by, keys);
    else if (gesture.kind === 'scale') dragScale(gesture, by, keys);
    else dragResize(gesture, by, keys);
    last = to;
  }

  function dragMove(of: Extract<Gesture, { kind: 'move' }>, by: Point, keys: Keys): void {
    const straight = !keys.shift ? by : Math.abs(by.x) > Math.abs(by.y) ? { ...by, y: 0 } : { ...by, x: 0 };
    const snapped =
      keys.free || !editor.snapping.value
        ? { by: straight, guides: [] }
        : snapMove(of.bounds, straight, of.targets, reach / view.zoom);
    guides.value = snapped.guides;
    write(
      of.key,
      'Move',
      new Map([...of.boxes].map(([id, { x, y }]) => [id, { x: x + snapped.by.x, y: y + snapped.by.y }])),
    );
  }

  function dragResize(of: Extract<Gesture, { kind: 'resize' }>, by: Point, keys: Keys): void {
    const options = resizing(keys);
    const { x, y, width, height } = resize(of.box, of.handle, snapped(of.box, of, by, keys), options);
    write(of.key, 'Resize', new Map([[of.id, { x, y, width, height }]]));
  }

  function dragScale(of: Extract<Gesture, { kind: 'scale' }>, by: Point, keys: Keys): void {
    const to = snapped({ ...of.bounds, rotation: 0 }, of, by, keys);
    write(of.key, 'Resize', resizeTogether(of.boxes, of.bounds, of.handle, to, resizing(keys)));
  }

  const resizing = (keys: Keys) => ({ keepRatio: keys.shift, fromCentre: keys.alt, least: 1 });

  function snapped(box: Box, of: { handle: Handle; targets: Targets }, by: Point, keys: Keys): Point {
    const options = { ...resizing(keys), reach: reach / view.zoom };
    const result =
      keys.free || !editor.snapping.value
        ? { by, guides: [] }
        : snapResize(box, of.handle, by, of.targets, options);
    guides.value = result.guides;
    return result.by;
  }

  const write = (key: string, label: string, boxes: Map<string, Partial<Box>>): void =>
    editor.setBoxes(boxes, label, { key, now: 0 });

  function selectWithin(of: Extract<Gesture, { kind: 'marquee' }>, to: Point): void {
    const area = between(toCanvas(of.start), toCanvas(to));
    marquee.value = area;
    const hit = editor.placed.value.filter(
      (each) => !each.hidden && !each.layer.locked && overlap(boundsOf(each), area),
    );
    editor.select(...of.before, ...hit.map(({ layer }) => layer.id));
  }

  /** Whether it was only a press, without a drag. */
  function end(): boolean {
    const pressed = gesture !== null && !moved;
    gesture = null;
    moved = false;
    active.value = null;
    guides.value = [];
    marquee.value = null;
    editor.work.settle();
    return pressed;
  }

  function cancel(): boolean {
    if (!gesture || !moved) return false;
    if ('key' in gesture) editor.work.abandon(gesture.key);
    end();
    return true;
  }

  return { guides, marquee, active, startMove, startHandle, startMarquee, startPan, drag, end, cancel };
}

export type Gestures = ReturnType<typeof useGestures>;
