import { cloneVNode, Comment, defineComponent, shallowRef, type PropType, type VNode } from 'vue';

export type TipSide = 'top' | 'bottom' | 'right';

export interface ShownTip {
  text: string;
  keys?: string;
  side: TipSide;
  target: HTMLElement;
}

/** The one tooltip of the page; `TipHost` draws it. */
export const shownTip = shallowRef<ShownTip | null>(null);

export const tipId = 'tip';
const hoverDelay = 400;
const grace = 250; // moving from one to the next shows the next at once
let timer: ReturnType<typeof setTimeout> | undefined;
let hiddenAt = 0;

function show(tip: ShownTip, delay: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (!tip.target.isConnected) return;
    tip.target.setAttribute('aria-describedby', tipId);
    shownTip.value = tip;
  }, delay);
}

export function hideTip(): void {
  clearTimeout(timer);
  if (!shownTip.value) return;
  shownTip.value.target.removeAttribute('aria-describedby');
  shownTip.value = null;
  hiddenAt = performance.now();
}

/** Gives its one child a tooltip, on hover and on keyboard focus. */
export const Tip = defineComponent({
  name: 'Tip',
  props: {
    text: { type: String, required: true },
    keys: { type: String, default: undefined },
    side: { type: String as PropType<TipSide>, default: 'top' },
  },
  setup(props, { slots }) {
    const tipAt = (event: Event): ShownTip => ({ ...props, target: event.currentTarget as HTMLElement });
    const listeners = {
      onPointerenter: (event: PointerEvent) => {
        if (event.pointerType === 'touch') return;
        show(tipAt(event), performance.now() - hiddenAt < grace ? 0 : hoverDelay);
      },
      onPointerleave: hideTip,
      onPointerdown: hideTip,
      onFocus: (event: FocusEvent) => {
        if ((event.currentTarget as HTMLElement).matches(':focus-visible')) show(tipAt(event), 0);
      },
      onBlur: hideTip,
      onKeydown: (event: KeyboardEvent) => {
        if (event.key === 'Escape') hideTip();
      },
    };
    return () => {
      const child = slots.default?.().find((node: VNode) => node.type !== Comment);
      return child && cloneVNode(child, listeners);
    };
  },
});
