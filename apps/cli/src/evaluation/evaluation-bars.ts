import type { EvaluationEventObject, EvaluationStandingObject } from '@prad/contracts';
import type { MultiBar, SingleBar } from 'cli-progress';
import pc from 'picocolors';
import { durationText } from '../output/facts.js';
import { multiBar } from '../output/multi-bar.js';

const FORMAT = '{name} {bar} {value}/{total}  {facts}';

/** One progress bar for each model of an evaluation; where there is no terminal, a line for each event worth one. */
export class EvaluationBars {
  readonly #bars: MultiBar | undefined;
  readonly #width: number;
  /** Of each model, by its place. */
  readonly #ofModel: SingleBar[] = [];

  constructor(
    models: readonly string[],
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {
    this.#bars = multiBar(stream, FORMAT);
    this.#width = Math.max(0, ...models.map((name) => name.length));
  }

  show(event: EvaluationEventObject): void {
    if (this.#bars === undefined) {
      if (isWorthALine(event)) this.stream.write(`${event.message}\n`);
    } else if (event.type === 'metrics') {
      this.#update(this.#bars, event.data);
    }
  }

  stop(): void {
    this.#bars?.stop();
  }

  #update(bars: MultiBar, standing: EvaluationStandingObject): void {
    const { place, model, done, total } = standing;
    const payload = { name: model.padEnd(this.#width), facts: factsOf(standing) };
    const bar = (this.#ofModel[place] ??= bars.create(total, done, payload));
    bar.update(done, payload);
  }
}

/** All but how many answers there are by now. */
function isWorthALine(event: EvaluationEventObject): boolean {
  return event.type === 'message' || event.data.status === 'finished';
}

/** What stands behind a model's bar. */
export function factsOf(standing: EvaluationStandingObject): string {
  const { status, done, total, rows_per_second: rate, scores } = standing;
  if (scores !== null) {
    return Object.entries(scores)
      .map(([metric, score]) => `${metric} ${score.toFixed(4)}`)
      .join('  ');
  }
  if (status === 'waiting') return pc.dim('waits');
  if (rate === null) return pc.dim('started');
  const left = done === total ? 'is scored' : `ETA ${durationText((total - done) / rate)}`;
  return `${pc.dim(`${rate.toFixed(1)} rows/s`)}  ${left}`;
}
