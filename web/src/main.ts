import { VueQueryPlugin } from '@tanstack/vue-query';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { queryClient } from './api/query';
import { useSession } from './features/auth/session';
import { startShortcuts } from './lib/shortcuts';
import { startTheme } from './lib/theme';
import { router } from './router';
import { reportError } from './features/errors/report';
import './styles.css';

// After a deploy the chunks this page knows are gone. One reload gets the new ones; a second would be a loop.
const reloaded = 'sr.reloaded';
addEventListener('vite:preloadError', (event) => {
  if (sessionStorage.getItem(reloaded)) return;
  event.preventDefault();
  sessionStorage.setItem(reloaded, '1');
  location.reload();
});

startTheme();
startShortcuts();

const app = createApp(App);
app.config.errorHandler = reportError;
app.use(createPinia());
app.use(VueQueryPlugin, { queryClient });
void useSession().resume(); // at once, while the router still resolves the first page
app.use(router);
app.mount('#app');
void router.isReady().then(() => sessionStorage.removeItem(reloaded));
