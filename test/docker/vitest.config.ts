import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Apart from the other tests: it installs and builds the project anew, as root, and takes minutes. */
export default defineConfig({
  root: resolve(import.meta.dirname, '../..'),
  test: {
    name: 'docker',
    include: ['test/docker/**/*.spec.ts'],
    testTimeout: 900_000,
    hookTimeout: 3_600_000,
  },
});
