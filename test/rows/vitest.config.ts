import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { sources } from '../../vitest.config.js';

/** Apart from the other tests, since it takes minutes: `npm run test:rows`. */
export default defineConfig({
  ...sources,
  root: resolve(import.meta.dirname, '../..'),
  test: {
    name: 'rows',
    include: ['test/rows/**/*.spec.ts'],
    globalSetup: ['test/integration/support/global-setup.ts'],
    hookTimeout: 180_000,
  },
});
