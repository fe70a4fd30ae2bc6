import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router';
import { useSession } from './features/auth/session';
import { fatal } from './features/errors/report';
import EpisodesPage from './features/episodes/EpisodesPage.vue';
import Shell from './features/shell/Shell.vue';

const routes: RouteRecordRaw[] = [
  {
    path: '/login',
    name: 'login',
    component: () => import('./features/auth/LoginPage.vue'),
    meta: { open: true },
  },
  {
    path: '/',
    component: Shell,
    children: [
      { path: '', redirect: { name: 'episodes' } },
      { path: 'episodes', name: 'episodes', component: EpisodesPage },
      {
        path: 'episodes/import',
        name: 'import',
        component: () => import('./features/episodes/import/ImportPage.vue'),
        meta: { editors: true },
      },
      {
        path: 'episodes/:id/:tab(files|compositions|jobs|history|activity)?',
        name: 'episode',
        component: () => import('./features/episodes/detail/EpisodePage.vue'),
        props: true,
      },
      {
        path: 'compositions/:id',
        name: 'composition',
        component: () => import('./features/compositions/editor/CompositionPage.vue'),
        props: true,
      },
      {
        path: 'compositions/:id/history',
        name: 'composition-history',
        component: () => import('./features/compositions/history/CompositionHistoryPage.vue'),
        props: true,
      },
      {
        // One route: opening a job over the list leaves the list where it is.
        path: 'jobs/:view(dead|queues|schedules|[0-9a-fA-F-]{36})?',
        name: 'jobs',
        component: () => import('./features/jobs/JobsPage.vue'),
        props: true,
      },
      { path: 'activity', name: 'activity', component: () => import('./features/activity/ActivityPage.vue') },
      { path: 'settings', name: 'settings', component: () => import('./features/settings/SettingsPage.vue') },
      {
        path: ':path(.*)*',
        name: 'not-found',
        component: () => import('./features/errors/NotFoundPage.vue'),
      },
    ],
  },
];

export const router = createRouter({ history: createWebHistory(), routes });

router.beforeEach(async (to) => {
  const session = useSession();
  await session.resume();
  fatal.value = null;
  const signedIn = session.state === 'active' || session.state === 'ended';
  if (to.meta.open) return signedIn ? { path: safeRedirect(to.query.next) } : true;
  if (signedIn) return true;
  return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } };
});

/** Where to go after signing in: only ever a path of this site. */
export function safeRedirect(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : '/episodes';
}
