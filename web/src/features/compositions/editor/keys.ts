import { useShortcuts, type Shortcut } from '@/lib/shortcuts';
import type { Editor } from './editor';
import type { View } from './view';

const field = /^(INPUT|TEXTAREA|SELECT)$/;

/** Fields have an undo and a clipboard of their own, and so has text that is marked. */
const onCanvas = (): boolean =>
  !field.test(document.activeElement?.tagName ?? '') &&
  !document.querySelector('[role="dialog"]') &&
  getSelection()?.isCollapsed !== false;

export function useEditorKeys(editor: Editor, view: View, save: () => void): void {
  const writing = () => !editor.readonly.value;
  const group = 'Composition';
  const shortcut = (
    keys: string,
    label: string,
    run: () => void,
    when: () => boolean = writing,
  ): Shortcut => ({
    keys,
    label,
    group,
    run,
    when: () => when() && onCanvas(),
  });
  useShortcuts([
    { keys: 'mod+s', label: 'Save', group, when: writing, run: save },
    shortcut('mod+z', 'Undo', () => editor.work.undo()),
    shortcut('mod+shift+z', 'Redo', () => editor.work.redo()),
    shortcut('mod+y', 'Redo', () => editor.work.redo()),
    shortcut('mod+a', 'Choose all layers', editor.selectAll, () => true),
    shortcut('mod+c', 'Copy layers', editor.copySelected, () => editor.selected.value.size > 0),
    shortcut('mod+x', 'Cut layers', editor.cutSelected),
    shortcut('mod+v', 'Paste layers', editor.paste),
    shortcut('mod+d', 'Duplicate layers', editor.duplicateSelected),
    shortcut(']', 'Bring forward', () => editor.raise(1)),
    shortcut('[', 'Send backward', () => editor.raise(-1)),
    shortcut('+', 'Zoom in', view.zoomIn, () => true),
    shortcut('-', 'Zoom out', view.zoomOut, () => true),
    shortcut('0', 'Fit into the window', view.fit, () => true),
  ]);
}
