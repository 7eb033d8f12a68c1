import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@prad/errors';
import { Child, type ChildOptions } from './child.js';

const RESTART_PAUSE_MS = 1_000;
const RESTARTS = 5;
const WITHIN_MS = 60_000;

/** A child process that is started anew when it dies. */
export class SupervisedChild {
  #child: Child;
  #stopping = false;
  readonly #restarts: number[] = [];
  #giveUp: (error: AppError) => void = () => undefined;

  /** Rejects when the process died so often that it is not started any more. */
  readonly broken = new Promise<never>((_, reject) => (this.#giveUp = reject));

  private constructor(
    private readonly options: ChildOptions,
    child: Child,
  ) {
    this.#child = child;
    this.broken.catch(() => undefined);
    void this.#watch();
  }

  /** The process and the line that told that it is ready. Throws unavailable `child_failed`. */
  static async start(options: ChildOptions): Promise<{ child: SupervisedChild; line: string }> {
    const child = new Child(options);
    const line = await child.ready();
    return { child: new SupervisedChild(options, child), line };
  }

  async stop(withinMs: number): Promise<void> {
    this.#stopping = true;
    await this.#child.stop(withinMs);
  }

  kill(): void {
    this.#stopping = true;
    this.#child.kill();
  }

  async #watch(): Promise<void> {
    for (;;) {
      await this.#child.ended;
      if (this.#isStopping()) return;
      const { app, onLine } = this.options;
      const now = Date.now();
      this.#restarts.push(now);
      if (this.#restarts.filter((time) => now - time < WITHIN_MS).length > RESTARTS) {
        this.#giveUp(diedTooOften(app, this.#child.fate));
        return;
      }
      onLine(`the ${app} died (${this.#child.fate}) and is started again`);
      await sleep(RESTART_PAUSE_MS);
      if (this.#isStopping()) return;
      this.#child = new Child(this.options);
    }
  }

  /** Reads the flag anew after an await; the compiler would take it for unchanged. */
  #isStopping(): boolean {
    return this.#stopping;
  }
}

function diedTooOften(app: string, fate: string): AppError {
  return new AppError({
    kind: 'unavailable',
    code: 'child_died',
    message: `the ${app} died ${RESTARTS + 1} times within a minute, the last time with ${fate}`,
  });
}
