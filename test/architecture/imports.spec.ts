import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import madge from 'madge';
import { describe, expect, it } from 'vitest';
import { importTable } from './import-table.js';

const root = join(import.meta.dirname, '../..');

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(folder, file));
}

function folderOf(part: string): string {
  return join(root, part.startsWith('apps/') ? part : `libs/${part}`, 'src');
}

function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/(?:from|import|import\()\s*'([^']+)'/g)].map(
    (match) => match[1] ?? '',
  );
}

const parts = [
  ...readdirSync(join(root, 'libs')),
  ...readdirSync(join(root, 'apps')).map((app) => `apps/${app}`),
].filter((part) => existsSync(folderOf(part)));

describe('the import table', () => {
  it('has a line for every lib and app', () => {
    expect(parts.filter((part) => !importTable[part])).toEqual([]);
  });

  it.each(parts)('%s imports only what its line allows', (part) => {
    const allowed = new Set([...(importTable[part] ?? []), 'errors', part]);
    const files = sources(folderOf(part));
    const broken = files.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith('@prad/') && !allowed.has(name.slice('@prad/'.length)))
        .map((name) => `${file.slice(root.length + 1)} imports ${name}`),
    );
    expect(files.length).toBeGreaterThan(0);
    expect(broken).toEqual([]);
  });

  it('lets no lib reach into another past its index', () => {
    const deep = parts.flatMap((part) =>
      sources(folderOf(part)).filter((file) => importsOf(file).some((name) => /^@prad\/[^/]+\//.test(name))),
    );
    expect(deep).toEqual([]);
  });

  it('keeps onnxruntime-node to runtime alone, and the framework out of the numerics', () => {
    const numerics = ['tensor', 'graph', 'nn', 'formats', 'runtime', 'models', 'training', 'generation'];
    const framework = /^(@nestjs\/|typeorm|bullmq|ioredis|pg$|fastify)/;
    const broken = parts.flatMap((part) =>
      sources(folderOf(part)).flatMap((file) =>
        importsOf(file)
          .filter((name) =>
            name === 'onnxruntime-node'
              ? part !== 'runtime'
              : numerics.includes(part) && framework.test(name),
          )
          .map((name) => `${file.slice(root.length + 1)} imports ${name}`),
      ),
    );
    expect(broken).toEqual([]);
  });

  it('has no circular imports', async () => {
    const graph = await madge([join(root, 'libs'), join(root, 'apps')], {
      fileExtensions: ['ts', 'tsx'],
      tsConfig: join(root, 'tsconfig.json'),
      detectiveOptions: { ts: { skipTypeImports: true }, tsx: { skipTypeImports: true } },
    });
    expect(graph.circular()).toEqual([]);
  });
});
