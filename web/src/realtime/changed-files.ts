/** Which files have changed: renamed, or something was found in them or made from them. */

const listeners = new Set<(fileId: string) => void>();

export function onFileChanged(listener: (fileId: string) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function noteFileChanged({ fileId }: { fileId?: string }): void {
  if (fileId) for (const listener of listeners) listener(fileId);
}
