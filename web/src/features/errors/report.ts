import { shallowRef } from 'vue';
import { asProblem, ProblemError } from '@/api/problem';
import { toast } from '@/ui/toasts';

/** An error that broke the page while it was drawn; the shell shows the error page instead. */
export const fatal = shallowRef<unknown>(null);

/** Last resort for errors nobody handled. A failed request becomes a notice, a fault of the page its error page. */
export function reportError(error: unknown, _instance?: unknown, info = ''): void {
  if (error instanceof ProblemError) {
    const problem = asProblem(error);
    toast(problem.message, {
      tone: 'danger',
      detail: problem.requestId ? `Request ${problem.requestId}` : undefined,
    });
    return;
  }
  if (fatal.value !== null) return; // the error page itself failing must not start this anew
  // eslint-disable-next-line no-console -- a fault of ours belongs in the console
  console.error(error, info);
  fatal.value = error;
}
