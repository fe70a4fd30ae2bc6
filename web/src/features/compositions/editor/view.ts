import { computed, reactive, watch, type Ref } from 'vue';
import type { Size } from '../document';
import type { Point } from '../geometry';

/** How the canvas lies in the window: zoom and offset. */

const margin = 40;
const least = 0.02;
const most = 8;
const steps = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 8];

export function useView(format: Readonly<Ref<Size>>) {
  const view = reactive({ zoom: 1, x: 0, y: 0, width: 0, height: 0, fitted: true });

  function fit(): void {
    const { width, height } = format.value;
    if (!view.width || !view.height) return;
    const room = { width: view.width - 2 * margin, height: view.height - 2 * margin };
    view.zoom = clamp(Math.min(room.width / width, room.height / height));
    view.x = (view.width - width * view.zoom) / 2;
    view.y = (view.height - height * view.zoom) / 2;
    view.fitted = true;
  }

  /** About a point of the window, which stays over the same point of the canvas. */
  function zoomTo(zoom: number, about: Point = { x: view.width / 2, y: view.height / 2 }): void {
    const next = clamp(zoom);
    view.x = about.x - ((about.x - view.x) * next) / view.zoom;
    view.y = about.y - ((about.y - view.y) * next) / view.zoom;
    view.zoom = next;
    view.fitted = false;
  }

  function pan(x: number, y: number): void {
    view.x += x;
    view.y += y;
    view.fitted = false;
  }

  function resized(width: number, height: number): void {
    if (!width || !height) return;
    const [byX, byY] = [(width - view.width) / 2, (height - view.height) / 2];
    Object.assign(view, { width, height });
    if (view.fitted) fit();
    else Object.assign(view, { x: view.x + byX, y: view.y + byY });
  }

  watch(
    () => [format.value.width, format.value.height],
    () => fit(),
  );

  return {
    view,
    fit,
    pan,
    resized,
    zoomTo,
    zoomIn: () => zoomTo(steps.find((step) => step > view.zoom * 1.01) ?? most),
    zoomOut: () => zoomTo(steps.findLast((step) => step < view.zoom / 1.01) ?? least),
    percent: computed(() => `${Math.round(view.zoom * 100)} %`),
    /** A point of the window on the canvas. */
    toCanvas: ({ x, y }: Point): Point => ({ x: (x - view.x) / view.zoom, y: (y - view.y) / view.zoom }),
  };
}

export type View = ReturnType<typeof useView>;

const clamp = (zoom: number): number => Math.min(most, Math.max(least, zoom));
