import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = resolve(import.meta.dirname, '../..');

/** Apart from the other tests, since it needs Go and builds tools that take minutes the first time. */
export default defineConfig({
  root,
  resolve: {
    alias: Object.fromEntries(
      readdirSync(`${root}/libs`).map((lib) => [`@prad/${lib}`, `${root}/libs/${lib}/src/index.ts`]),
    ),
  },
  test: {
    name: 'chart',
    include: ['test/chart/**/*.spec.ts'],
    globalSetup: ['test/chart/support/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
