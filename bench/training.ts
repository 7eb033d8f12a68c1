import type { BaseModel } from '@prad/models';
import { randomStream } from '@prad/nn';
import { measureMatMulRate } from '@prad/runtime';
import { Trainer, collate, gradientGraph, trainedTensors, type Trainable } from '@prad/training';
import { matmulFlops } from './matmul-flops.js';
import { measurement, median, type Measurement } from './report.js';
import { withSmolLM2Size } from './smollm2-size.js';

const ROWS = 8;
const TOKENS = 64;
const PROMPT = 40;
const ROUNDS = 7;
const THREADS = 2;

/** A whole training step (gradients and AdamW) against the machine's own matrix product, taken in turns. */
export async function benchTraining(): Promise<Measurement[]> {
  return withSmolLM2Size(async (model) => {
    const results: Measurement[] = [];
    for (const method of ['adapter', 'lora']) {
      results.push(
        ...(await benchMethod(model, { kind: 'adapter', method, options: { rank: 32 }, scope: 'prompt' })),
      );
    }
    return results;
  });
}

async function benchMethod(
  model: BaseModel,
  trainable: Extract<Trainable, { kind: 'adapter' }>,
): Promise<Measurement[]> {
  const trained = trainedTensors(model, trainable);
  const random = randomStream(1);
  const examples = Array.from({ length: ROWS }, () => ({
    tokens: Array.from({ length: TOKENS }, () => random.below(model.dimensions.vocabSize)),
    promptLength: PROMPT,
  }));
  const batch = collate(examples, trained.maskOf, model.dimensions.vocabSize);
  const sizes = { B: ROWS, T: TOKENS, N: batch.answerLabels.data.length };
  const flops = matmulFlops(gradientGraph(model, trained), sizes);
  const trainer = await Trainer.open(model, trained, {
    learningRate: 1e-3,
    warmupSteps: 0,
    totalSteps: 1000,
    weightDecay: 0,
    maxGradNorm: 1,
    seed: 1,
    intraOpThreads: THREADS,
  });
  await trainer.step(batch);
  const steps: number[] = [];
  const limits: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    limits.push(await measureMatMulRate({ intraOpThreads: THREADS, forMs: 1000 }));
    const start = performance.now();
    await trainer.step(batch);
    steps.push((performance.now() - start) / 1000);
  }
  await trainer.close();
  const what = 'onnxruntime MatMul';
  const rates = steps.map((seconds) => flops / seconds / 1e9);
  console.log(
    `${trainable.method}: step ${(1000 * median(steps)).toFixed(0)} ms, ` +
      `${((ROWS * TOKENS) / median(steps)).toFixed(0)} tokens/s, peak RSS ${peakRss().toFixed(2)} GB`,
  );
  return [
    measurement(`training step, ${trainable.method} r=32, 8 x 64 tokens`, median(rates), 'GFLOP/s', {
      what,
      value: median(limits) / 1e9,
    }),
    measurement(`peak memory after ${trainable.method}`, peakRss(), 'GB', { what: 'allowed', value: 4 }),
  ];
}

function peakRss(): number {
  return process.resourceUsage().maxRSS / 1e6;
}
