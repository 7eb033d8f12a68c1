import { mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '../../..');

/** Builds a TypeScript file with the libs it imports into one that a worker thread can run; its URL. */
export async function buildWorker(source: string): Promise<URL> {
  const folder = mkdtempSync(join(tmpdir(), 'prad-worker-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const libs = readdirSync(join(root, 'libs'));
  await build({
    configFile: false,
    logLevel: 'error',
    root,
    resolve: {
      alias: Object.fromEntries(libs.map((lib) => [`@prad/${lib}`, join(root, 'libs', lib, 'src/index.ts')])),
    },
    build: {
      ssr: source,
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      rolldownOptions: { output: { entryFileNames: 'worker.mjs', format: 'es' } },
    },
  });
  return pathToFileURL(join(folder, 'worker.mjs'));
}
