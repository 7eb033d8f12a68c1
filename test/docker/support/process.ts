import type { ChildProcess } from 'node:child_process';

/** A process whose output is kept and can be waited for. */
export class Process {
  /** Status at its end; -1 after a signal. */
  readonly ended: Promise<number>;
  private text = '';

  constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => (this.text += chunk));
    }
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        resolve(code ?? -1);
      });
    });
  }

  /** Resolves when the output has such a text; rejects with the output when the process ends without it. */
  async says(pattern: RegExp, withinMs = 300_000): Promise<void> {
    const end = Date.now() + withinMs;
    while (!pattern.test(this.text)) {
      const still = new Promise<'runs'>((wake) => setTimeout(wake, 100, 'runs'));
      const over = (await Promise.race([this.ended, still])) !== 'runs';
      if ((over || Date.now() > end) && !pattern.test(this.text))
        throw new Error(`expected ${String(pattern)}, got\n${this.text.slice(-4000)}`);
    }
  }

  async output(): Promise<string> {
    await this.ended;
    return this.text;
  }

  /** Its status after the signal. */
  stop(signal: NodeJS.Signals): Promise<number> {
    this.child.kill(signal);
    return this.ended;
  }
}
