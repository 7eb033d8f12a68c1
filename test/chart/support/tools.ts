import { execFile } from 'node:child_process';
import { access, cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** Outside git; deleting it costs the time that building Helm takes. */
const cache = resolve(import.meta.dirname, '../../../.cache/chart');

export const KUBERNETES_VERSION = '1.34.3';

interface Program {
  readonly module: string;
  readonly command: string;
  readonly version: string;
}

const programs = {
  helm: { module: 'helm.sh/helm/v3', command: 'cmd/helm', version: 'v3.22.0' },
  compose: { module: 'github.com/compose-spec/compose-go/v2', command: 'cmd', version: 'v2.16.2' },
} as const satisfies Readonly<Record<string, Program>>;

interface Definitions {
  readonly module: string;
  readonly version: string;
  /** Files or folders of the module. */
  readonly paths: readonly string[];
}

const definitions = {
  kubernetes: {
    ...{ module: 'k8s.io/kubernetes', version: `v${KUBERNETES_VERSION}` },
    paths: ['api/openapi-spec/swagger.json'],
  },
  keda: {
    ...{ module: 'github.com/kedacore/keda/v2', version: 'v2.21.0' },
    paths: ['config/crd/bases'],
  },
  prometheusOperator: {
    ...{ module: 'github.com/prometheus-operator/prometheus-operator', version: 'v0.85.0' },
    paths: ['example/prometheus-operator-crd'],
  },
} as const satisfies Readonly<Record<string, Definitions>>;

/** The path of a built program. */
export function programPath(name: keyof typeof programs): string {
  return join(cache, `${name}-${programs[name].version}`);
}

/** A file or folder that a module brings. */
export function definitionPath(name: keyof typeof definitions, path: string): string {
  const { module, version } = definitions[name];
  return join(cache, `${module.replaceAll('/', '-')}-${version}`, path);
}

/** Debian's promtool. */
export const promtool = join(cache, 'prometheus/usr/bin/promtool');

/** Brings what is not yet in the cache. Throws where Go, the module proxy or apt is not to be had. */
export async function installTools(tell: (message: string) => void): Promise<void> {
  await mkdir(cache, { recursive: true });
  for (const name of ['helm', 'compose'] as const) {
    if (await exists(programPath(name))) continue;
    const { module, command, version } = programs[name];
    tell(`building ${module} ${version}; Helm takes some minutes the first time`);
    await install(`${module}/${command}@${version}`, command, programPath(name));
  }
  for (const name of ['kubernetes', 'keda', 'prometheusOperator'] as const) {
    const { module, version, paths } = definitions[name];
    const missing = [];
    for (const path of paths) if (!(await exists(definitionPath(name, path)))) missing.push(path);
    if (missing.length === 0) continue;
    tell(`fetching the definitions of ${module} ${version}`);
    const folder = await download(`${module}@${version}`);
    for (const path of missing) await cp(join(folder, path), definitionPath(name, path), { recursive: true });
  }
  if (!(await exists(promtool))) {
    tell("fetching promtool from Debian's package prometheus");
    await unpackDebianPackage('prometheus', join(cache, 'prometheus'));
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Builds in a folder of its own and moves the program in place when it is whole. */
async function install(target: string, command: string, path: string): Promise<void> {
  const bin = await mkdtemp(join(cache, 'build-'));
  try {
    await run('env', [`GOBIN=${bin}`, 'go', 'install', '-trimpath', target], { cwd: tmpdir() });
    await rename(join(bin, command.split('/').at(-1)!), path);
  } finally {
    await rm(bin, { recursive: true, force: true });
  }
}

/** The folder of a module in Go's cache. */
async function download(module: string): Promise<string> {
  const { stdout } = await run('go', ['mod', 'download', '-json', module], { cwd: tmpdir() });
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}

async function unpackDebianPackage(name: string, folder: string): Promise<void> {
  const download = await mkdtemp(join(cache, 'apt-'));
  try {
    const fetched = () => run('apt-get', ['download', '-qq', name], { cwd: download });
    // A new machine has no lists of packages yet.
    await fetched().catch(() => run('apt-get', ['update', '-qq']).then(fetched));
    const [file] = await readdir(download);
    const whole = join(download, 'files');
    await run('dpkg-deb', ['-x', join(download, file!), whole]);
    await rm(folder, { recursive: true, force: true });
    await rename(whole, folder);
  } finally {
    await rm(download, { recursive: true, force: true });
  }
}
