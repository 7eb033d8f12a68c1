import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { programPath, run } from './tools.js';

export const deployFolder = resolve(import.meta.dirname, '../../../deploy');

export interface Service {
  readonly image: string;
  readonly restart?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly secrets?: readonly { readonly source: string }[];
  readonly volumes?: readonly { readonly type: string; readonly source?: string; readonly target: string }[];
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, unknown>>;
}

/** Names that lead nowhere, which Docker Compose would refuse only when it starts. */
export function danglingNames({ services, volumes = {}, secrets = {} }: Compose): readonly string[] {
  return Object.entries(services).flatMap(([name, service]) => [
    ...Object.keys(service.depends_on ?? {})
      .filter((other) => !(other in services))
      .map((other) => `${name} depends on ${other}`),
    ...(service.volumes ?? [])
      .filter(({ type, source = '' }) => type === 'volume' && !(source in volumes))
      .map(({ source = 'nothing' }) => `${name} mounts ${source}`),
    ...(service.secrets ?? [])
      .filter(({ source }) => !(source in secrets))
      .map(({ source }) => `${name} reads ${source}`),
  ]);
}

/** Secrets as a user would give them. */
const given: Readonly<Record<string, string>> = {
  POSTGRES_PASSWORD: 'postgres-secret',
  REDIS_PASSWORD: 'redis-secret',
  PRAD_API_KEY: 'a-key-of-a-machine-0123456789',
  SCALING_TOKEN: 'a-token-of-a-machine-0123456789',
  GRAFANA_PASSWORD: 'grafana-secret',
};

/** The model that Docker Compose's own library makes of a compose file. Rejects with what it complains about. */
export async function loadCompose(file = resolve(deployFolder, 'compose.yaml')): Promise<Compose> {
  const options = { cwd: dirname(file) };
  const { stdout } = await run(
    programPath('compose'),
    ['-no-interpolation', '-format', 'json', file],
    options,
  );
  return JSON.parse(interpolate(stdout)) as Compose;
}

/** Names of the variables that a user must set. */
export async function requiredVariables(): Promise<readonly string[]> {
  const text = await readFile(resolve(deployFolder, 'compose.yaml'), 'utf8');
  return [...new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name!))];
}

function interpolate(text: string): string {
  return text
    .replace(/\$\{(\w+):\?[^}]*\}/g, (_whole, name: string) => given[name] ?? `no value for ${name}`)
    .replace(/\$\{\w+:-([^}]*)\}/g, '$1');
}

/** The services that run this project's images. */
export function applicationServices({ services }: Compose): Readonly<Record<string, Service>> {
  return Object.fromEntries(Object.entries(services).filter(([, { image }]) => image.startsWith('prad-')));
}

export interface PrometheusConfig {
  readonly scrape_configs: readonly {
    readonly job_name: string;
    readonly static_configs: readonly { readonly targets: readonly string[] }[];
  }[];
}

export async function prometheusConfig(): Promise<PrometheusConfig> {
  return parse(
    await readFile(resolve(deployFolder, 'prometheus/prometheus.yml'), 'utf8'),
  ) as PrometheusConfig;
}
