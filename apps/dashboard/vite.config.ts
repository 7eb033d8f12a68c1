import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import mantine from 'postcss-preset-mantine';
import type { PluginCreator } from 'postcss';
import { defineConfig } from 'vite';

/** The package comes without types. */
const plugin = mantine as PluginCreator<never>;
const root = import.meta.dirname;
const repository = resolve(root, '../..');

/** The API that `vite` alone talks to while the dashboard is being written. */
const api = 'http://127.0.0.1:8080';

export default defineConfig({
  root,
  plugins: [react()],
  css: { postcss: { plugins: [plugin()] } },
  resolve: {
    alias: {
      '@prad/contracts': resolve(repository, 'libs/contracts/src/index.ts'),
      '@prad/adapter-options': resolve(repository, 'libs/adapter-options/src/index.ts'),
    },
  },
  build: {
    outDir: resolve(repository, 'dist/apps/dashboard'),
    emptyOutDir: true,
    // Data URLs are for images only under the API's content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
  },
  server: { proxy: { '/v1': api } },
});
