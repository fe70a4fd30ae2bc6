import { ref } from 'vue';
import { useEventListener } from '@/lib/listen';

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA)$/.test(target.tagName));

/** Takes files that are dropped anywhere on the page, or pasted. True while files are held over it. */
export function useDrop(enabled: () => boolean, take: (files: File[]) => void) {
  const over = ref(false);
  let depth = 0; // enter and leave come for every element on the way

  useEventListener(window, 'dragenter', (event) => {
    if (!hasFiles(event) || !enabled()) return;
    event.preventDefault();
    depth++;
    over.value = true;
  });
  useEventListener(window, 'dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault(); // also where nothing is taken: else the browser would leave the page for the file
    if (event.dataTransfer) event.dataTransfer.dropEffect = enabled() ? 'copy' : 'none';
  });
  useEventListener(window, 'dragleave', (event) => {
    if (hasFiles(event) && over.value && --depth <= 0) end();
  });
  useEventListener(window, 'drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    end();
    if (enabled()) take([...(event.dataTransfer?.files ?? [])]);
  });
  useEventListener(window, 'paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || !enabled() || isField(event.target)) return;
    event.preventDefault();
    take(files);
  });

  function end(): void {
    depth = 0;
    over.value = false;
  }
  return over;
}
