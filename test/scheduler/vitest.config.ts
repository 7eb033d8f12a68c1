import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = resolve(import.meta.dirname, '../..');

/** Apart from the other tests, since it takes minutes: `npm run test:scheduler`. */
export default defineConfig({
  root,
  resolve: {
    alias: Object.fromEntries(
      readdirSync(`${root}/libs`).map((lib) => [`@prad/${lib}`, `${root}/libs/${lib}/src/index.ts`]),
    ),
  },
  test: { name: 'scheduler', include: ['test/scheduler/**/*.spec.ts'], testTimeout: 1_800_000 },
});
