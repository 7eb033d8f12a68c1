import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { sources } from '../../vitest.config.js';

/** Apart from the other tests, since it takes minutes: `npm run test:faults`. */
export default defineConfig({
  ...sources,
  root: resolve(import.meta.dirname, '../..'),
  test: {
    name: 'faults',
    include: ['test/faults/**/*.spec.ts'],
    globalSetup: ['test/integration/support/global-setup.ts'],
    hookTimeout: 180_000,
  },
});
