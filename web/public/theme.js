// Runs before the first paint so that nobody sees the wrong theme flash by. src/lib/theme.ts owns the setting.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem('sr.theme');
  } catch {
    // Storage may be blocked; the system's preference is a fine default.
  }
  var dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
