import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { malloc } from '../../apps/cli/src/stack/child.js';

const root = join(import.meta.dirname, '../..');

it.each([
  ['deploy/docker/Dockerfile', 2],
  ['package.json', 1],
])('%s starts processes that compute with the memory settings of prad up', async (file, count) => {
  const text = await readFile(join(root, file), 'utf8');
  const settings = [...text.matchAll(/GLIBC_TUNABLES=(\S+)/g)].map(([, setting]) => setting);
  expect(settings).toEqual(Array.from({ length: count }, () => malloc.GLIBC_TUNABLES));
});
