import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, readdir } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { contextFilter } from './docker-ignore.js';
import type { Stage, Step } from './dockerfile.js';
import { run } from './run.js';

const overlay = resolve(import.meta.dirname, 'overlay.sh');

/** What a stage came to: layers of files, the newest first, and what processes in it begin with. */
export interface Image {
  readonly name: string;
  readonly layers: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly user: string;
  readonly argv: readonly string[];
  readonly healthcheck: readonly string[];
}

export interface BuildOptions {
  readonly stages: readonly Stage[];
  readonly context: string;
  /** Folder for layers. */
  readonly folder: string;
  /** Folders that stand in for images, by their names in FROM. */
  readonly bases: Readonly<Record<string, string>>;
  /** Folder that npm keeps packages in from one run to the next. */
  readonly npmCache: string;
  readonly tell: (message: string) => void;
}

/** Carries out a Dockerfile's stages in overlays of folders, each once and only where it is needed. */
export class Builder {
  private readonly built = new Map<string, Promise<Image>>();

  constructor(private readonly options: BuildOptions) {}

  build(name: string): Promise<Image> {
    const known = this.built.get(name) ?? this.buildStage(name);
    this.built.set(name, known);
    return known;
  }

  private async buildStage(name: string): Promise<Image> {
    const { stages, folder, tell } = this.options;
    const stage = stages.find((one) => one.name === name);
    if (stage === undefined) throw new Error(`the Dockerfile has no stage ${name}`);
    const layer = join(folder, name, 'layer');
    await mkdir(layer, { recursive: true });
    let image = await this.startOf(stage);
    image = { ...image, name, layers: [layer, ...image.layers] };
    for (const step of stage.steps) {
      tell(`${name}: ${describe(step)}`);
      image = await this.perform(step, image);
    }
    return image;
  }

  private async startOf({ from }: Stage): Promise<Image> {
    if (this.options.stages.some(({ name }) => name === from)) return this.build(from);
    const base = this.options.bases[from];
    if (base === undefined) throw new Error(`no folder stands in for the image ${from}`);
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const plain = { env: { PATH: path }, workdir: '/', user: '0:0', argv: [], healthcheck: [] };
    return { name: from, layers: [base], ...plain };
  }

  private async perform(step: Step, image: Image): Promise<Image> {
    const [layer = ''] = image.layers;
    switch (step.kind) {
      case 'env':
        return { ...image, env: { ...image.env, ...step.values } };
      case 'user':
        return { ...image, user: step.user };
      case 'cmd':
        return { ...image, argv: step.argv };
      case 'healthcheck':
        return { ...image, healthcheck: step.argv };
      case 'workdir':
        await mkdir(join(layer, step.path), { recursive: true });
        return { ...image, workdir: step.path };
      case 'run':
        await run('unshare', [
          '--mount',
          ...enter(image, 'build', ['sh', '-c', step.command], {}, [
            '--bind',
            this.options.npmCache,
            '/root/.npm',
          ]),
        ]);
        return image;
      case 'copy':
        await this.copy(step, image);
        return image;
    }
  }

  private async copy(
    step: Extract<Step, { kind: 'copy' }>,
    { layers: [layer = ''], workdir }: Image,
  ): Promise<void> {
    const target = resolve(workdir, step.target);
    if (step.from !== undefined) {
      const source = await this.build(step.from);
      for (const path of step.sources) {
        const script = `mkdir -p /tmp/into${target}; if [ -d ${path} ]; then cp -a ${path}/. /tmp/into${target}; else cp -a ${path} /tmp/into${target}; fi`;
        const binds = ['--read-only', '--bind', layer, '/tmp/into'];
        await run('unshare', ['--mount', overlay, ...places(source), ...binds, '--', 'sh', '-c', script]);
      }
      return;
    }
    const { context } = this.options;
    const kept = contextFilter(context);
    const filter = (path: string) => kept(relative(context, path));
    for (const source of step.sources) {
      const entries = source === '.' ? (await readdir(context)).filter((name) => kept(name)) : [source];
      for (const entry of entries)
        await cp(join(context, entry), join(layer, target, entry), { recursive: true, filter });
    }
  }
}

function describe(step: Step): string {
  if (step.kind === 'run') return `RUN ${step.command}`;
  if (step.kind === 'copy')
    return `COPY ${step.from === undefined ? '' : `from ${step.from} `}${step.sources.join(' ')}`;
  return step.kind.toUpperCase();
}

function places({ layers }: Image): readonly string[] {
  const [layer = '', ...lower] = layers;
  return [lower.join(':'), layer, join(layer, '..')];
}

/** Arguments of overlay.sh for a command that begins as the image says; `build` may write, `run` may not. */
function enter(
  image: Image,
  mode: 'build' | 'run',
  argv: readonly string[],
  more: Record<string, string> = {},
  binds: readonly string[] = [],
) {
  const [uid = '0', gid = '0'] = image.user.split(':');
  // While building, the machine's own authorities are good: its registry may be behind one of them.
  const building = mode === 'build' ? { NODE_EXTRA_CA_CERTS: '/etc/ssl/certs/ca-certificates.crt' } : {};
  const variables = Object.entries({ HOME: '/root', ...building, ...image.env, ...more }).map(
    ([name, value]) => `${name}=${value}`,
  );
  const confined = ['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', '--clear-groups'];
  return [
    ...[overlay, ...places(image), ...(mode === 'run' ? ['--read-only'] : []), ...binds, '--'],
    ...['setpriv', `--reuid=${uid}`, `--regid=${gid}`, ...(mode === 'run' ? confined : ['--clear-groups'])],
    ...['env', '-i', ...variables, 'sh', '-c', 'cd "$0" && exec "$@"', image.workdir, ...argv],
  ];
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Folder of this machine at /data. */
  readonly data: string;
  /** Instead of the image's own command. */
  readonly argv?: readonly string[];
}

/** Starts the image as its user, on a read-only root file system with /tmp and /data. */
export function start(image: Image, { env = {}, data, argv = image.argv }: RunOptions): ChildProcess {
  if (!isAbsolute(data)) throw new Error(`expected an absolute folder, got ${data}`);
  const args = enter(image, 'run', argv, { ...env }, ['--bind', data, '/data']);
  return spawn('unshare', ['--mount', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}
