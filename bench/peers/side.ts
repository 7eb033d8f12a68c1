import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** A process that answers each line with one line of JSON, so that its memory is its own and its turn is given to it. */
export class Side {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async step(): Promise<{ readonly loss: number; readonly seconds: number }> {
    const start = performance.now();
    const { loss } = await this.ask<{ readonly loss: number }>('step');
    return { loss, seconds: (performance.now() - start) / 1000 };
  }

  /** The largest resident memory so far, and how many numbers train. */
  async peak(): Promise<{ readonly peakBytes: number; readonly parameters: number }> {
    return this.ask('peak');
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }

  /** The answer to a command; its type is what the process is known to give. */
  async ask<Answer>(command: string): Promise<Answer> {
    this.#child.stdin.write(`${command}\n`);
    const answer = await this.#lines.next();
    if (answer.done === true) throw new Error(`the process ended before it answered ${command}`);
    return JSON.parse(answer.value) as Answer;
  }
}
