import { readdirSync } from 'node:fs';
import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

const root = import.meta.dirname;
const alias = Object.fromEntries(
  readdirSync(`${root}/libs`).map((lib) => [`@prad/${lib}`, `${root}/libs/${lib}/src/index.ts`]),
);
// Nest needs decorator metadata, which esbuild does not emit.
const plugins = [
  swc.vite({
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      keepClassNames: true,
    },
  }),
];

/** How tests load the sources; for the configurations of tests that run apart as well. */
export const sources = { plugins, resolve: { alias } };

export default defineConfig({
  test: {
    projects: [
      {
        ...sources,
        test: {
          name: 'unit',
          include: [
            'libs/**/*.spec.ts',
            'apps/**/*.spec.ts',
            'bundled/**/*.spec.ts',
            'test/architecture/**/*.spec.ts',
            'test/numerics/**/*.spec.ts',
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: '100%',
        },
      },
      {
        ...sources,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.spec.ts', 'test/e2e/**/*.spec.ts'],
          globalSetup: ['test/integration/support/global-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // One after another, for they start whole systems; in one process, for each would load the sources anew.
          fileParallelism: false,
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
