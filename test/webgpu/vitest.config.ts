import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = resolve(import.meta.dirname, '../..');

/** Apart from the other tests, since it needs Vulkan; see support/global-setup.ts. */
export default defineConfig({
  root,
  resolve: {
    alias: Object.fromEntries(
      readdirSync(`${root}/libs`).map((lib) => [`@prad/${lib}`, `${root}/libs/${lib}/src/index.ts`]),
    ),
  },
  test: {
    name: 'webgpu',
    include: ['test/webgpu/**/*.spec.ts'],
    globalSetup: ['test/webgpu/support/global-setup.ts'],
    // A process for each file, which takes over the environment that the set-up leaves.
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
