import { reactive } from 'vue';

/** The dialogs of the shell, which any page may open. */
export const overlays = reactive({
  palette: false,
  help: false,
  create: false,
  /** Values the create dialog starts with. */
  createWith: {} as { show?: string; season?: number },
});

export function openCreate(start: { show?: string; season?: number } = {}): void {
  overlays.createWith = start;
  overlays.create = true;
}
