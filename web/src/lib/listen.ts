import { onScopeDispose } from 'vue';

/** Listens as long as the component lives. */
export function useEventListener<K extends keyof WindowEventMap>(
  target: Window,
  type: K,
  listener: (event: WindowEventMap[K]) => void,
  options?: AddEventListenerOptions,
): void {
  target.addEventListener(type, listener, options);
  onScopeDispose(() => target.removeEventListener(type, listener, options));
}
