import { computed, inject, ref, shallowRef, watch, type InjectionKey, type Ref } from 'vue';
import { toast } from '@/ui/toasts';
import {
  addLayers,
  changeLayer,
  changeLayers,
  clearOverrides,
  copyOf,
  duplicateLayers,
  moveLayer,
  override,
  raiseLayers,
  removeLayers,
  type LayerChanges,
} from '../commands';
import { layerLabel, limits, type Box, type Layer, type Override, type Size } from '../document';
import { around, boundsOf } from '../geometry';
import { place, type Placed } from '../layout';
import type { Work } from './work';

/** Numbers of a document have at most two decimals: what a pointer gives beyond that is noise. */
const tidy = (value: number): number => Math.round(value * 100) / 100;

const clipboardName = 'sr.composition-layers';

/** What the parts of the editor share: what is chosen, which format is looked at, and what can be done. */
export function makeEditor(work: Work, readonly: Readonly<Ref<boolean>>) {
  const { document, change } = work;
  const selected = shallowRef<ReadonlySet<string>>(new Set());
  /** A format that is being adjusted; null for the composition itself. */
  const adjusting = ref<string | null>(null);
  const snapping = ref(true);
  const safeShown = ref(false);
  /** A text that is edited in place. */
  const typing = ref<string | null>(null);
  let gestures = 0;

  const format = computed((): Size & { name?: string } => {
    const found = document.value.formats.find(({ name }) => name === adjusting.value);
    return found ?? document.value.canvas;
  });
  const placed = computed(() => place(document.value, format.value));
  const layers = computed(() => document.value.layers);
  const chosen = computed(() => placed.value.filter(({ layer }) => selected.value.has(layer.id)));
  const single = computed(() => (chosen.value.length === 1 ? (chosen.value[0] ?? null) : null));
  const movable = computed(() => chosen.value.filter(({ layer }) => !layer.locked));

  /** Around several that can be resized together. */
  const common = computed(() =>
    movable.value.length > 1 ? around(movable.value.map((each) => boundsOf(each))) : null,
  );

  // What is gone can't be chosen or looked at.
  watch(document, ({ layers: all, formats }) => {
    const there = [...selected.value].filter((id) => all.some((layer) => layer.id === id));
    if (there.length !== selected.value.size) selected.value = new Set(there);
    if (typing.value !== null && !all.some(({ id }) => id === typing.value)) typing.value = null;
    if (adjusting.value !== null && !formats.some(({ name }) => name === adjusting.value))
      adjusting.value = null;
  });

  const select = (...ids: string[]): void => {
    selected.value = new Set(ids);
  };
  function toggle(id: string): void {
    const next = new Set(selected.value);
    if (!next.delete(id)) next.add(id);
    selected.value = next;
  }
  const selectAll = (): void => select(...placed.value.filter(({ hidden }) => !hidden).map(idOf));

  interface Options {
    key?: string;
    now?: number;
  }
  const update = (id: string, changes: LayerChanges, label: string, options: Options = {}): void =>
    change(label, (before) => changeLayer(before, id, changes), options);

  /** Boxes of the format that is looked at: of the layers themselves, or what one format has differently. */
  function setBoxes(boxes: ReadonlyMap<string, Partial<Box>>, label: string, options: Options = {}): void {
    const changes = new Map(
      [...boxes].map(([id, box]) => [
        id,
        Object.fromEntries(Object.entries(box).map(([name, value]) => [name, tidy(value)])),
      ]),
    );
    const name = adjusting.value;
    change(
      label,
      (before) => (name === null ? changeLayers(before, changes) : override(before, name, changes)),
      options,
    );
  }

  /** A member that a format may have differently. */
  function setHere(id: string, changes: Override, label: string, options: Options = {}): void {
    const name = adjusting.value;
    if (name === null) update(id, changes as LayerChanges, label, options);
    else change(label, (before) => override(before, name, new Map([[id, changes]])), options);
  }

  function add(layer: Layer, label: string): boolean {
    if (layers.value.length >= limits.layers) {
      toast(`A composition has at most ${limits.layers} layers`, { tone: 'danger' });
      return false;
    }
    change(label, (before) => addLayers(before, [layer]));
    select(layer.id);
    return true;
  }

  function removeSelected(): void {
    const ids = new Set(movable.value.map(idOf));
    if (ids.size) change('Delete', (before) => removeLayers(before, ids));
  }

  function duplicateSelected(): void {
    const result = duplicateLayers(document.value, selected.value);
    if (!result.added.length) return;
    change('Duplicate', () => result.document);
    select(...result.added);
  }

  function copySelected(): void {
    const copied = layers.value.filter(({ id }) => selected.value.has(id));
    if (!copied.length) return;
    try {
      localStorage.setItem(clipboardName, JSON.stringify(copied));
    } catch {
      toast('The layers could not be copied: the browser keeps nothing for this page', { tone: 'danger' });
    }
  }

  function paste(): void {
    const copies = readClipboard().map((layer) => copyOf(layer));
    const room = limits.layers - layers.value.length;
    if (!copies.length || room <= 0) return;
    change('Paste', (before) => addLayers(before, copies));
    select(...copies.slice(0, room).map(({ id }) => id));
  }

  function nudge(x: number, y: number): void {
    const boxes = new Map(movable.value.map((each) => [idOf(each), { x: each.x + x, y: each.y + y }]));
    if (boxes.size) setBoxes(boxes, 'Move', { key: `nudge:${[...boxes.keys()].join()}` });
  }

  /** Sides or middles of what is chosen to those of the format. */
  function align(side: 'left' | 'center' | 'right' | 'top' | 'middle' | 'bottom'): void {
    const { width, height } = format.value;
    const boxes = movable.value.map((each): [string, Partial<Box>] => {
      const bounds = boundsOf(each);
      const to = {
        left: { x: each.x - bounds.x },
        center: { x: width / 2 - each.width / 2 },
        right: { x: each.x + width - bounds.x - bounds.width },
        top: { y: each.y - bounds.y },
        middle: { y: height / 2 - each.height / 2 },
        bottom: { y: each.y + height - bounds.y - bounds.height },
      };
      return [idOf(each), to[side]];
    });
    if (boxes.length) setBoxes(new Map(boxes), 'Align');
  }

  return {
    work,
    readonly,
    document,
    layers,
    placed,
    format,
    adjusting,
    selected,
    chosen,
    single,
    movable,
    common,
    snapping,
    safeShown,
    typing,
    select,
    toggle,
    selectAll,
    update,
    setBoxes,
    setHere,
    add,
    removeSelected,
    duplicateSelected,
    copySelected,
    cutSelected: () => {
      copySelected();
      removeSelected();
    },
    paste,
    nudge,
    align,
    raise: (step: 1 | -1) => change('Reorder', (before) => raiseLayers(before, selected.value, step)),
    moveTo: (id: string, index: number) => change('Reorder', (before) => moveLayer(before, id, index)),
    clearAdjustments: (id?: string) => {
      const name = adjusting.value;
      if (name !== null) change('Reset the format', (before) => clearOverrides(before, name, id));
    },
    label: (id: string): string => {
      const layer = layers.value.find((each) => each.id === id);
      return layer ? layerLabel(layer) : '';
    },
    /** Names a gesture: all its steps are undone together. */
    nextGesture: () => `gesture:${++gestures}`,
  };
}

const idOf = ({ layer }: Placed): string => layer.id;

function readClipboard(): Layer[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(clipboardName) ?? '[]');
    return Array.isArray(stored) ? (stored as Layer[]) : [];
  } catch {
    return [];
  }
}

export type Editor = ReturnType<typeof makeEditor>;

export const editorKey: InjectionKey<Editor> = Symbol('composition editor');

export function useEditor(): Editor {
  const editor = inject(editorKey);
  if (!editor) throw new Error('outside of the editor');
  return editor;
}
