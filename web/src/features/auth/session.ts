import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { anonymousApi, api, body, onSessionEnded, record } from '@/api/client';
import { asProblem, ProblemError } from '@/api/problem';
import { adopt, csrfToken, onSession, renew } from '@/api/token';
import type { User } from '@/api/types';

/** `ended` means that somebody was signed in and the session is over: the page stays and asks for the password. */
type State = 'unknown' | 'anonymous' | 'active' | 'ended';

export const useSession = defineStore('session', () => {
  const state = ref<State>('unknown');
  const user = ref<User | null>(null);
  const canEdit = computed(() => user.value !== null && user.value.role !== 'viewer');
  const isAdmin = computed(() => user.value?.role === 'admin');
  const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('sr.session');
  const unreachable = shallowRef<ProblemError | null>(null);
  let resumption: Promise<void> | null = null;
  let wake: () => void = () => {};
  let waiting: ((signedIn: boolean) => void)[] = [];

  onSession((session) => {
    if (session === null) {
      if (state.value === 'active') state.value = 'ended';
      return;
    }
    // Somebody else signed in here: nothing on this page may survive.
    if (user.value !== null && user.value.id !== session.user.id) return location.reload();
    user.value = session.user;
    state.value = 'active';
    settle(true);
  });

  onSessionEnded(() => {
    if (state.value !== 'ended') return Promise.resolve(false);
    return new Promise((resolve) => waiting.push(resolve));
  });

  channel?.addEventListener('message', () => leave());

  function settle(signedIn: boolean): void {
    const callbacks = waiting;
    waiting = [];
    for (const callback of callbacks) callback(signedIn);
  }

  /** Takes up the session of the cookie, if there is one. While the server can't be reached it keeps trying. */
  function resume(): Promise<void> {
    resumption ??= tryToResume();
    return resumption;
  }

  async function tryToResume(): Promise<void> {
    if (csrfToken() === null) {
      state.value = 'anonymous';
      return;
    }
    for (;;) {
      try {
        if ((await renew()) === null) state.value = 'anonymous';
        unreachable.value = null;
        return;
      } catch (error) {
        unreachable.value = asProblem(error);
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, 3_000);
        });
      }
    }
  }

  async function signIn(email: string, password: string): Promise<void> {
    const session = await record(anonymousApi.POST('/auth/login', { body: { email, password } }));
    adopt(session);
  }

  async function signOut(): Promise<void> {
    try {
      await body(api.POST('/auth/logout'));
    } catch (error) {
      if (!(error instanceof ProblemError) || error.status !== 401) throw error;
    }
    channel?.postMessage('signed-out');
    leave();
  }

  /** A full load leaves no record of the last person in memory. */
  function leave(): void {
    settle(false);
    location.assign('/login');
  }

  function updateUser(next: User): void {
    user.value = next;
  }

  return {
    state,
    user,
    unreachable,
    canEdit,
    isAdmin,
    resume,
    retry: () => wake(),
    signIn,
    signOut,
    leave,
    updateUser,
  };
});
