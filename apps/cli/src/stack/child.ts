import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AppError } from '@prad/errors';
import { repositoryRoot } from '../repository-root.js';

export interface ChildOptions {
  /** An app of this repository, for example `worker`. */
  readonly app: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Every line that the process writes. */
  readonly onLine: (line: string) => void;
  /** The first line that matches says that the process is ready. */
  readonly ready: RegExp;
}

/**
 * Lets glibc ask for huge pages, which the system gives only where they are asked for: weights stream through fewer
 * address look-ups, and a decode step takes about a tenth less time. One arena for all threads, since glibc does not ask
 * for them in those of further threads, such as one that computes. And more freed memory at hand for each thread: a run of a graph takes
 * thousands of small pieces. Read before a process starts, so given from outside.
 */
export const malloc = {
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1:glibc.malloc.tcache_count=512',
};

/** How many of the last lines an error tells. */
const KEPT_LINES = 20;

/** A process of one of the apps. */
export class Child {
  /** Settles when the process has ended. */
  readonly ended: Promise<void>;
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  #ended = false;

  constructor(private readonly options: ChildOptions) {
    const entry = join(repositoryRoot(), 'dist/apps', options.app, 'src/main.js');
    const guard = join(repositoryRoot(), 'dist/apps/cli/src/stack/die-with-parent.js');
    this.#process = fork(entry, [], {
      env: { ...malloc, ...options.environment },
      execArgv: ['--enable-source-maps', '--import', guard],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A group of its own: Ctrl-C reaches the parent alone, which stops its children in order.
      detached: true,
    });
    this.#read(this.#process.stdout);
    this.#read(this.#process.stderr);
    this.ended = once(this.#process, 'exit').then(() => {
      this.#ended = true;
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get alive(): boolean {
    return !this.#ended;
  }

  /** How the process ended, in words. */
  get fate(): string {
    const { exitCode, signalCode } = this.#process;
    return signalCode === null ? `exit code ${String(exitCode)}` : `signal ${signalCode}`;
  }

  /** As a shell tells it: 128 for an end by a signal. */
  get exitCode(): number {
    return this.#process.exitCode ?? 128;
  }

  /** The line that told it. Throws unavailable `child_failed` when the process ends before. */
  async ready(): Promise<string> {
    for (;;) {
      const line = this.#lines.find((text) => this.options.ready.test(text));
      if (line !== undefined) return line;
      if (this.#ended) throw this.#failed();
      await Promise.race([this.#nextLine(), this.ended]);
    }
  }

  /** Asks the process to stop, kills it after the given time, and resolves when it has ended. */
  async stop(withinMs: number): Promise<void> {
    if (this.#ended) return;
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), withinMs);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #wake: () => void = () => undefined;

  #nextLine(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #read(stream: NodeJS.ReadableStream | null): void {
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) => {
      this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      this.options.onLine(line);
      this.#wake();
    });
  }

  #failed(): AppError {
    const { app } = this.options;
    return new AppError({
      kind: 'unavailable',
      code: 'child_failed',
      message: `the ${app} did not start (${this.fate}):\n${this.#lines.map((line) => `  ${line}`).join('\n')}`,
    });
  }
}
