import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { chart } from './render.js';

export interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

export interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
}

export const rulesFile = join(chart, 'rules/prad.yaml');

export async function readDashboard(): Promise<Dashboard> {
  return JSON.parse(await readFile(join(chart, 'dashboards/prad.json'), 'utf8')) as Dashboard;
}

export async function readRules(): Promise<Rules> {
  return parse(await readFile(rulesFile, 'utf8')) as Rules;
}

/** Panels' queries as Prometheus would get them. */
export function panelQueries({ panels }: Dashboard): readonly string[] {
  return panels.flatMap(({ targets = [] }) =>
    targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '1m')),
  );
}
