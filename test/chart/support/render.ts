import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { KUBERNETES_VERSION, programPath, run } from './tools.js';

export const chart = resolve(import.meta.dirname, '../../../deploy/helm/prad');

/** The value sets under ci/, each for another way to install. */
export const valueSets = ['embedded', 'external', 'keda', 'keda-redis', 'hpa'] as const;
export type ValueSet = (typeof valueSets)[number];

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export const RELEASE = 'demo';
export const NAMESPACE = 'apps';

function valuesFile(set: ValueSet): string {
  return join(chart, 'ci', `${set}-values.yaml`);
}

/** Helm's complaints about the chart with these values; rejects where it finds an error. */
export async function lint(set: ValueSet): Promise<string> {
  return (await run(programPath('helm'), ['lint', '--strict', '--quiet', '-f', valuesFile(set), chart]))
    .stdout;
}

/** The manifests of a value set, with further values in Helm's `--set-json` form. Rejects with what Helm says. */
export async function render(set: ValueSet, ...more: readonly string[]): Promise<readonly Manifest[]> {
  const { stdout } = await run(programPath('helm'), [
    ...['template', RELEASE, chart, '--namespace', NAMESPACE, '--kube-version', KUBERNETES_VERSION],
    ...['-f', valuesFile(set), ...more.flatMap((value) => ['--set-json', value])],
  ]);
  return parseManifests(stdout);
}

/** Throws where a document is no YAML or names a key twice. */
export function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0]!;
    const value = document.toJS() as Manifest | null;
    return value === null ? [] : [value];
  });
}

/** The manifest of a kind and name. */
export function find(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name} among ${names(manifests).join(', ')}`);
  return found;
}

export function names(manifests: readonly Manifest[]): readonly string[] {
  return manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
}
