import {
  emptyStep,
  wholePrompt,
  type OnnxExecutor,
  type PrefillRow,
  type ServedAdapter,
} from '@prad/generation';
import type { BaseModel } from '@prad/models';
import { randomStream } from '@prad/nn';
import { median } from './report.js';

/** Decode steps of one round. */
const STEPS = 12;
const PROMPT = 16;

/** Rows with prompts in their slots, ready to decode. */
export class Rows {
  readonly #prompts: readonly PrefillRow[];

  constructor(
    private readonly executor: OnnxExecutor,
    model: BaseModel,
    count: number,
    adapterOf: (row: number) => ServedAdapter | undefined = () => undefined,
    tokens = PROMPT,
  ) {
    const random = randomStream(1);
    this.#prompts = Array.from({ length: count }, (_, slot) =>
      wholePrompt({
        ...{ request: slot, slot, adapter: adapterOf(slot) },
        tokens: Array.from({ length: tokens }, () => random.below(model.dimensions.vocabSize)),
      }),
    );
  }

  /** Seconds of a prefill. */
  async prefill(): Promise<number> {
    const start = performance.now();
    await this.executor.run({ ...emptyStep, prefill: [this.#prompts] });
    return (performance.now() - start) / 1000;
  }

  /** Seconds of a decode step, the median of some after a prefill. */
  async decodeStep(): Promise<number> {
    await this.prefill();
    const seconds: number[] = [];
    for (let step = 0; step < STEPS; step++) {
      const decode = this.#prompts.map(({ request, slot }) => ({
        ...{ request, slot, token: 1 + step, length: PROMPT + step },
      }));
      const start = performance.now();
      await this.executor.run({ ...emptyStep, decode });
      seconds.push((performance.now() - start) / 1000);
    }
    return median(seconds);
  }
}
