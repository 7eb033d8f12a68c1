import type { FineTuningEventObject } from '@prad/contracts';
import type { MultiBar } from 'cli-progress';
import pc from 'picocolors';
import { multiBar } from '../output/multi-bar.js';
import { sparkline } from '../output/sparkline.js';
import type { TrainingView } from './training-view.js';

const FORMAT = '{name} {bar} {value}/{total}  {facts}  ETA {eta_formatted}';

/** Progress bars of one or several trainings; where there is no terminal, a line for each event worth one. */
export class TrainingBars {
  readonly #bars: MultiBar | undefined;

  constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {
    this.#bars = multiBar(stream, FORMAT);
  }

  /** A new line of its own; call the result with each event and the view after it. */
  add(name: string): (view: TrainingView, event: FineTuningEventObject) => void {
    const bars = this.#bars;
    if (bars === undefined) {
      return (_, event) => {
        this.#line(name, event);
      };
    }
    const bar = bars.create(1, 0, { name, facts: 'waiting' });
    return (view) => {
      if (view.total !== undefined) bar.setTotal(view.total);
      bar.update(view.step, { name, facts: factsOf(view) });
    };
  }

  stop(): void {
    this.#bars?.stop();
  }

  #line(name: string, { message, data }: FineTuningEventObject): void {
    if ('train_loss' in data) return;
    this.stream.write(`${name} ${message}\n`);
  }
}

/** Columns of a curve beside a bar. */
const CURVE = 16;

function factsOf({ trainLoss, losses, validLoss, tokensPerSecond }: TrainingView): string {
  const facts = [
    losses.seen < 2 ? undefined : sparkline(losses.points, CURVE),
    trainLoss === undefined ? 'started' : `loss ${trainLoss.toFixed(3)}`,
    validLoss === undefined ? undefined : `validation ${validLoss.toFixed(3)}`,
    tokensPerSecond === undefined ? undefined : pc.dim(`${Math.round(tokensPerSecond)} tokens/s`),
  ];
  return facts.filter((fact) => fact !== undefined).join('  ');
}
