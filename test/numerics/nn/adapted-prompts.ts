import { adapterFor, promptMask, randomStream } from '@prad/nn';
import { expect } from 'vitest';
import { changed, fresh, masked } from './adapter-changes.js';
import { CachedRun } from './cached-run.js';
import { batchOf, fullLogits, type Row } from './full-run.js';
import { expectClose, loaded, relativeGap, type TinyModel, type TrainedAdapter } from './reference.js';

const STEPS = 3;

/** Adapters that change every site of a model, and its attention by a prefix. */
async function adapters(tiny: TinyModel): Promise<TrainedAdapter[]> {
  const kinds = tiny.model.sites.map(({ kind }) => kind).filter((kind) => kind.endsWith('_proj'));
  const targets = [...new Set(kinds)];
  const chosen = [
    ['lora', { rank: 2, targets }],
    ['dora', { rank: 2, targets }],
    ['ia3', { targets }],
    ['mam', { prefix_length: 3, rank: 4 }],
  ] as const;
  return Promise.all(
    chosen.map(async ([method, options]) => {
      const adapter = adapterFor(tiny.model, method, options);
      const random = randomStream(3, method);
      const start = await fresh(tiny, { adapter, tensors: new Map() });
      return changed(
        start,
        () => true,
        (x) => x + 0.1 * random.normal(),
      );
    }),
  );
}

/** Prompts read with an adapter, then decoded by the base alone, give the logits of one masked pass over all. */
export async function expectAdaptedPrompts(tiny: TinyModel, all: readonly Row[]): Promise<void> {
  const rows = all.map(({ ids }) => ({ ids, prompt: ids.length - STEPS }));
  const width = tiny.model.dimensions.vocabSize;
  const base = await fullLogits(tiny, batchOf(rows));
  for (const trained of await adapters(tiny)) {
    const { method } = trained.adapter;
    const whole = await fullLogits(tiny, batchOf(masked(rows, promptMask)), trained);
    const run = await CachedRun.open(tiny, [await loaded(tiny, trained)]);
    const prompts = rows.map(({ ids, prompt }) => ({ ids: ids.slice(0, prompt) }));
    const steps = (
      await run.prefill(
        prompts,
        rows.map(() => 0),
      )
    ).map((logits) => [...logits]);
    for (let step = 0; step < STEPS; step++) {
      const logits = await run.decode(rows.map(({ ids, prompt }) => ids[prompt + step]!));
      logits.forEach((row, b) => steps[b]!.push(...row));
    }
    await run.close();
    whole.forEach((row, b) => {
      expectClose(steps[b]!, row, 1e-5, `${method}, row ${b}`);
      const last = -STEPS * width;
      expect(relativeGap(row.subarray(last), base[b]!.subarray(last)), method).toBeGreaterThan(1e-3);
    });
  }
}
