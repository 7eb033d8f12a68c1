import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { panelQueries, readDashboard, readRules } from './support/monitoring.js';

const repository = resolve(import.meta.dirname, '../..');

describe('every measurement that is looked at', () => {
  it('is one that the apps have', async () => {
    const { groups } = await readRules();
    const alerts = groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
    const queries = [...panelQueries(await readDashboard()), ...alerts];
    const looked = new Set(queries.flatMap((query) => query.match(/\bprad_\w+/g) ?? []));
    const measured = await declaredMetrics();
    const known = (name: string) =>
      measured.has(name) || measured.has(name.replace(/_(bucket|sum|count)$/, ''));
    expect(measured.size).toBeGreaterThan(15);
    expect([...looked].filter((name) => !known(name))).toEqual([]);
    expect(known('prad_nothing_total')).toBe(false);
  });

  it('is described in docs/operations.md', async () => {
    const text = await readFile(join(repository, 'docs/operations.md'), 'utf8');
    const described = [...text.matchAll(/`(prad_[a-z0-9_]+)`/g)].map(([, name]) => name!);
    expect(described.toSorted()).toEqual([...(await declaredMetrics())].toSorted());
  });
});

/** Names that the sources hand to Metrics. */
async function declaredMetrics(): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const app of ['apps/api/src', 'apps/worker/src']) {
    const files = await readdir(join(repository, app), { recursive: true });
    for (const file of files.filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))) {
      const text = await readFile(join(repository, app, file), 'utf8');
      for (const [, name] of text.matchAll(/'(prad_[a-z0-9_]+)'/g)) names.add(name!);
    }
  }
  return names;
}
