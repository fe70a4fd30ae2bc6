import { computed } from 'vue';
import { useRoute } from 'vue-router';
import { useSession } from '@/features/auth/session';
import { useConnection } from '@/realtime/connection';
import { useFailures, useJobStats } from './queries';
import { seenUntil, unseen } from './seen';

/** What the navigation says of jobs: how many run, and whether any failed since this person last looked. */
export function useJobsPulse() {
  const session = useSession();
  const connection = useConnection();
  const route = useRoute();
  // Not among the first requests of a page: nobody waits for it.
  const settled = computed(() => connection.state !== 'connecting');
  const stats = useJobStats(settled);
  const failures = useFailures(settled);
  const running = computed(() => stats.data.value?.processing ?? 0);
  const failed = computed(() => {
    const id = session.user?.id;
    if (!id || route.name === 'jobs') return false;
    return unseen(failures.data.value ?? [], seenUntil(id)).length > 0;
  });
  return { running, failed };
}
