import { measureMatMulRate } from '@prad/runtime';
import type { Batch } from './collate.js';
import type { TrainingEvent } from './events.js';
import type { TrainingRun } from './fit.js';
import type { Trainer } from './trainer.js';

type Measured = Pick<
  Extract<TrainingEvent, { type: 'step' }>,
  'tokens' | 'tokensPerSecond' | 'paddingWaste' | 'mfu'
>;

/** What a step of so many seconds did, from its passes. */
export type StepMeter = (passes: readonly Batch[], seconds: number) => Measured;

/** Long enough for a few products of 1024 x 1024. */
const RATE_MS = 100;

/** Measures the machine's MatMul rate once, on the CPU: a GPU is not known that way. */
export async function stepMeter(
  { plan }: Pick<TrainingRun, 'plan'>,
  { flopsOf }: Trainer,
): Promise<StepMeter> {
  const { intraOpThreads, device = 'cpu' } = plan;
  const rate = device === 'cpu' ? await measureMatMulRate({ intraOpThreads, forMs: RATE_MS }) : undefined;
  return (passes, seconds) => {
    const sum = (of: (batch: Batch) => number): number =>
      passes.reduce((total, batch) => total + of(batch), 0);
    const tokens = sum((batch) => batch.tokens);
    const positions = sum((batch) => batch.inputIds.data.length);
    const flops = sum(({ inputIds: { shape }, answerLabels }) =>
      flopsOf({ B: shape[0] ?? 0, T: shape[1] ?? 0, N: answerLabels.data.length }),
    );
    return {
      ...{ tokens, tokensPerSecond: tokens / seconds, paddingWaste: 1 - tokens / positions },
      ...(rate !== undefined && { mfu: flops / seconds / rate }),
    };
  };
}
