import { computed, shallowRef, type Ref } from 'vue';
import { onBeforeRouteLeave, onBeforeRouteUpdate, useRouter } from 'vue-router';
import { useSession } from '@/features/auth/session';
import { useEventListener } from '@/lib/listen';

/** Asks before unsaved changes are left behind: by a link, the back button, or closing the tab. */
export function useLeaveGuard(dirty: Readonly<Ref<boolean>>, discard: () => void) {
  const router = useRouter();
  const session = useSession();
  const wanted = shallowRef<string | null>(null);

  function guard(to: { fullPath: string }): boolean {
    if (!dirty.value || session.state !== 'active') return true;
    wanted.value = to.fullPath;
    return false;
  }
  onBeforeRouteLeave(guard);
  // Between the tabs of the same record nothing is left.
  onBeforeRouteUpdate((to, from) => (to.params.id === from.params.id ? true : guard(to)));
  useEventListener(window, 'beforeunload', (event) => {
    if (dirty.value) event.preventDefault();
  });

  return {
    asking: computed({
      get: () => wanted.value !== null,
      set: (open) => {
        if (!open) wanted.value = null;
      },
    }),
    leave: () => {
      const path = wanted.value;
      wanted.value = null;
      discard();
      if (path !== null) void router.push(path);
    },
  };
}
