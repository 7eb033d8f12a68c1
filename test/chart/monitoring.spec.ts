import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { deployFolder } from './support/compose.js';
import {
  panelQueries,
  readDashboard,
  readRules,
  rulesFile,
  type Dashboard,
  type Rules,
} from './support/monitoring.js';
import { find, render } from './support/render.js';
import { promtool, run } from './support/tools.js';
import { valueAt } from './support/workloads.js';

let folder: string;
let dashboard: Dashboard;
let rules: Rules;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prad-monitoring-'));
  dashboard = await readDashboard();
  rules = await readRules();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the dashboard', () => {
  it('has queries that Prometheus can read', async () => {
    const recorded = panelQueries(dashboard).map((expr, index) => ({
      record: `panel:${String(index)}`,
      expr,
    }));
    expect(recorded.length).toBeGreaterThan(20);
    const file = join(folder, 'panels.yaml');
    await writeFile(file, stringify({ groups: [{ name: 'panels', rules: recorded }] }));
    await run(promtool, ['check', 'rules', file]);
    await writeFile(
      file,
      stringify({ groups: [{ name: 'panels', rules: [{ record: 'a', expr: 'sum(rate(x[1m])' }] }] }),
    );
    await expect(run(promtool, ['check', 'rules', file])).rejects.toThrow();
  });

  it('has panels side by side within the 24 columns', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from(
        { length: w * h },
        (_, index) => `${String(x + (index % w))},${String(y + Math.floor(index / w))}`,
      );
    });
    expect(new Set(cells).size).toBe(cells.length);
  });

  it('is in the ConfigMap as it is in the file', async () => {
    const map = find(await render('external'), 'ConfigMap', 'demo-prad-dashboard');
    expect(JSON.parse(valueAt(map, 'data', 'prad.json') as string)).toEqual(dashboard);
  });
});

describe('the alerts', () => {
  it('are rules that fire when they should', async () => {
    await copyFile(rulesFile, join(folder, 'prad.yaml'));
    await copyFile(join(import.meta.dirname, 'alerts.test.yaml'), join(folder, 'alerts.test.yaml'));
    await run(promtool, ['check', 'rules', rulesFile]);
    await run(promtool, ['test', 'rules', join(folder, 'alerts.test.yaml')]);
  });

  it('are in the PrometheusRule as they are in the file', async () => {
    expect(find(await render('external'), 'PrometheusRule', 'demo-prad')['spec']).toEqual(rules);
  });
});

describe('what Prometheus of compose.yaml reads', () => {
  it('is a configuration', async () => {
    await run(promtool, [
      'check',
      'config',
      '--syntax-only',
      join(deployFolder, 'prometheus/prometheus.yml'),
    ]);
  });
});
