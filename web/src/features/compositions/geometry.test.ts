import { expect, test } from 'vitest';
import {
  around,
  boundsOf,
  handlePoint,
  handles,
  normalAngle,
  resize,
  resizeTogether,
  rotationTowards,
  type Handle,
} from './geometry';
import { snapMove, snapResize, targetsOf } from './snap';

const box = { x: 100, y: 100, width: 200, height: 100, rotation: 0 };
const opposite: Record<Handle, Handle> = {
  nw: 'se',
  n: 's',
  ne: 'sw',
  e: 'w',
  se: 'nw',
  s: 'n',
  sw: 'ne',
  w: 'e',
};

test('a box turned by a quarter covers its sides exchanged', () => {
  const bounds = boundsOf({ ...box, rotation: 90 });
  expect(bounds.x).toBeCloseTo(150);
  expect(bounds.y).toBeCloseTo(50);
  expect(bounds.width).toBeCloseTo(100);
  expect(bounds.height).toBeCloseTo(200);
});

test.each([0, 30, 90, -135])('at %d°, what is opposite a dragged handle stays where it is', (rotation) => {
  const turned = { ...box, rotation };
  for (const handle of handles) {
    const after = resize(turned, handle, { x: 13, y: -7 });
    const [before, now] = [handlePoint(turned, opposite[handle]), handlePoint(after, opposite[handle])];
    expect(now.x).toBeCloseTo(before.x);
    expect(now.y).toBeCloseTo(before.y);
  }
});

test('a dragged corner follows the pointer', () => {
  const turned = { ...box, rotation: 40 };
  const before = handlePoint(turned, 'se');
  const after = handlePoint(resize(turned, 'se', { x: 30, y: 20 }), 'se');
  expect(after.x - before.x).toBeCloseTo(30);
  expect(after.y - before.y).toBeCloseTo(20);
});

test('the ratio is kept when asked, and the centre stays when asked', () => {
  const wide = resize(box, 'se', { x: 100, y: 0 }, { keepRatio: true });
  expect(wide.width / wide.height).toBeCloseTo(2);
  const side = resize(box, 'e', { x: 100, y: 0 }, { keepRatio: true });
  expect(side).toMatchObject({ width: 300, height: 150 });
  const both = resize(box, 'e', { x: 10, y: 0 }, { fromCentre: true });
  expect(both).toMatchObject({ x: 90, width: 220 });
});

test('a box never turns inside out', () => {
  expect(resize(box, 'e', { x: -500, y: 0 })).toMatchObject({ x: 100, width: 1 });
  expect(resize(box, 'w', { x: 500, y: 0 })).toMatchObject({ x: 299, width: 1 });
});

test('rotation points at the pointer, in steps when asked', () => {
  expect(rotationTowards(box, { x: 400, y: 150 })).toBeCloseTo(90);
  expect(rotationTowards(box, { x: 400, y: 140 }, 15)).toBe(90);
  expect(normalAngle(-190)).toBe(170);
  expect(normalAngle(540)).toBe(180);
});

test('around several', () => {
  expect(around([])).toBeNull();
  expect(around([box, { x: 0, y: 150, width: 10, height: 100 }])).toEqual({
    x: 0,
    y: 100,
    width: 300,
    height: 150,
  });
});

const targets = targetsOf({ width: 1000, height: 500 }, [{ x: 400, y: 300, width: 100, height: 50 }]);

test('moving is drawn to what is near enough, and says to what', () => {
  const snapped = snapMove(box, { x: 97, y: 3 }, targets, 5);
  expect(snapped.by).toEqual({ x: 100, y: 3 });
  expect(snapped.guides).toEqual([{ axis: 'x', at: 400 }]);
  expect(snapMove(box, { x: 90, y: 3 }, targets, 5)).toEqual({ by: { x: 90, y: 3 }, guides: [] });
});

test('the middle is drawn to the middle', () => {
  const snapped = snapMove(box, { x: 298, y: 101 }, targets, 5);
  expect(snapped.by).toEqual({ x: 300, y: 100 });
});

test('only the edges that a handle moves are drawn', () => {
  const snapped = snapResize(box, 'e', { x: 97, y: 48 }, targets, { reach: 5 });
  expect(snapped).toEqual({ by: { x: 100, y: 48 }, guides: [{ axis: 'x', at: 400 }] });
  expect(snapResize(box, 'se', { x: 0, y: 98 }, targets, { reach: 5 }).by.y).toBe(100);
  expect(snapResize({ ...box, rotation: 10 }, 'e', { x: 97, y: 0 }, targets, { reach: 5 }).guides).toEqual(
    [],
  );
});

test('several are resized about the rectangle around them, and lie in it as before', () => {
  const boxes = new Map([
    ['a', { x: 100, y: 100, width: 100, height: 50, rotation: 0 }],
    ['b', { x: 250, y: 175, width: 50, height: 100, rotation: 90 }],
  ]);
  const bounds = { x: 100, y: 100, width: 225, height: 150 };
  const wider = resizeTogether(boxes, bounds, 'e', { x: 225, y: 0 });
  expect(wider.get('a')).toEqual({ x: 100, y: 100, width: 200, height: 50, rotation: 0 });
  // It lies on its side: what is across it on the canvas is its height.
  expect(wider.get('b')).toEqual({ x: 425, y: 125, width: 50, height: 200, rotation: 90 });
});

test('with one among them that is turned, several keep their proportions', () => {
  const boxes = new Map([
    ['a', { x: 0, y: 0, width: 100, height: 100, rotation: 0 }],
    ['b', { x: 100, y: 0, width: 100, height: 100, rotation: 45 }],
  ]);
  const resized = resizeTogether(boxes, { x: 0, y: 0, width: 200, height: 100 }, 'e', { x: 200, y: 0 });
  expect(resized.get('a')).toMatchObject({ width: 200, height: 200 });
  expect(resized.get('b')).toMatchObject({ width: 200, height: 200, rotation: 45 });
});
