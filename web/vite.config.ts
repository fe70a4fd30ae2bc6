import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';
import { precompress } from './scripts/precompress.ts';

const server = process.env.SHOWRUNNER_URL ?? 'http://127.0.0.1:3002';

export default defineConfig({
  plugins: [vue(), tailwindcss(), precompress()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What every page needs, in few files: each one more is a round trip more on a slow connection.
          groups: [
            {
              name: 'vendor',
              test: /node_modules[\\/](@vue|vue|vue-router|pinia|openapi-fetch|@tanstack)[\\/]/,
            },
            { name: 'floating', test: /node_modules[\\/](reka-ui|@floating-ui|@vueuse|aria-hidden)[\\/]/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': server,
      '/socket.io': { target: server, ws: true },
    },
  },
});
