import { toast } from '@/ui/toasts';

export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(done, { tone: 'ok' });
  } catch {
    toast('The clipboard is not available here', { tone: 'danger' });
  }
}
