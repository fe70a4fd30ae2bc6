import { onBeforeUnmount, ref, type Ref } from 'vue';

const threshold = 5; // pixels before a press becomes a drag

/**
 * Rows that are moved by the pointer: with a mouse by the whole row, with a finger by what is marked `data-grip`, so that
 * the list can still be scrolled. Rows are named by `attribute`.
 */
export function usePointerReorder(options: {
  list: Ref<HTMLElement | undefined>;
  attribute: string;
  enabled: () => boolean;
  drop: (id: string, onto: string) => void;
}) {
  const dragged = ref<string | null>(null);
  const over = ref<string | null>(null);
  let pressed: { id: string; pointer: number; x: number; y: number } | null = null;

  function press(event: PointerEvent, id: string): void {
    const by = event.target instanceof Element ? event.target : null;
    const takes = event.pointerType === 'mouse' ? !by?.closest('input') : by?.closest('[data-grip]');
    if (!takes || event.button !== 0 || !event.isPrimary || !options.enabled()) return;
    pressed = { id, pointer: event.pointerId, x: event.clientX, y: event.clientY };
    addEventListener('pointermove', move);
    addEventListener('pointerup', release);
    addEventListener('pointercancel', stop);
    addEventListener('keydown', onKey, true);
  }

  function move(event: PointerEvent): void {
    if (event.pointerId !== pressed?.pointer) return;
    const far = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) >= threshold;
    if (dragged.value === null && !far) return;
    dragged.value = pressed.id;
    const row = document.elementFromPoint(event.clientX, event.clientY)?.closest(`[${options.attribute}]`);
    over.value = row && options.list.value?.contains(row) ? row.getAttribute(options.attribute) : null;
    getSelection()?.removeAllRanges();
  }

  function release(event: PointerEvent): void {
    if (event.pointerId !== pressed?.pointer) return;
    const [id, onto] = [dragged.value, over.value];
    stop();
    if (id === null) return;
    // What the pointer is let go over must not take it for a press.
    addEventListener('click', swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener('click', swallow, { capture: true }));
    if (onto !== null && onto !== id) options.drop(id, onto);
  }

  function swallow(event: MouseEvent): void {
    event.preventDefault();
    event.stopPropagation();
  }

  function onKey(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || dragged.value === null) return;
    event.stopPropagation();
    stop();
  }

  function stop(): void {
    pressed = dragged.value = over.value = null;
    removeEventListener('pointermove', move);
    removeEventListener('pointerup', release);
    removeEventListener('pointercancel', stop);
    removeEventListener('keydown', onKey, true);
  }
  onBeforeUnmount(stop);

  return { dragged, over, press };
}
