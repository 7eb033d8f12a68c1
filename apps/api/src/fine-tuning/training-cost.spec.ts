import { llamaLayout } from '../../../../libs/adapter-files/testing/layouts.js';
import { describe, expect, it } from 'vitest';
import { trainingAmount } from './training-amount.js';
import { trainingMemory } from './training-memory.js';

const lengths = [
  { prompt: 6, total: 8 },
  { prompt: 12, total: 16 },
];

describe('trainingAmount', () => {
  it('takes the rows that were not counted to be like the others', () => {
    expect(trainingAmount(10, lengths, { batchSize: 4, epochs: 2 })).toEqual({
      ...{ steps: 6, epochs: 2, tokensOfAnEpoch: 120, tokens: 240 },
      ...{ longest: 16, rowsAtOnce: 4, answerShare: 0.25 },
    });
  });

  it('counts given steps', () => {
    const settings = { batchSize: 4, epochs: 2, maxSteps: 9 };
    expect(trainingAmount(10, lengths, settings)).toMatchObject({ steps: 9, epochs: 3, tokens: 360 });
    expect(trainingAmount(2, lengths, settings).rowsAtOnce).toBe(2);
  });
});

describe('trainingAmount of batches by tokens', () => {
  it('fills the budget with examples of average length', () => {
    const settings = { batchSize: 48, epochs: 1, maxTokensPerBatch: 48, gradientAccumulationSteps: 2 };
    expect(trainingAmount(10, lengths, settings)).toMatchObject({ steps: 3, rowsAtOnce: 2 });
  });
});

describe('trainingMemory', () => {
  // SmolLM2-135M and its peaks as `VmHWM` of a process that does two training steps.
  const site = { module: 'm.*', weight: true, bias: false };
  const layout = {
    ...{ modelType: 'llama', layers: 30, hiddenSize: 576, heads: 9, kvHeads: 3, headDim: 64 },
    sites: { down_proj: { ...site, inFeatures: 1536, outFeatures: 576 } },
  };
  const base = { details: { layout }, parameterCount: 134_515_008, vocabularySize: 49_152 };
  const rest = { answerShare: 0.4 };

  it.each([
    [1, 16, 294_000, 1.453e9],
    [8, 64, 294_000, 2.094e9],
    [16, 64, 294_000, 2.749e9],
    [4, 256, 294_000, 2.961e9],
    [8, 64, 17_744_640, 2.884e9],
  ])(
    'is near what was measured with %i rows of %i tokens, %i trained',
    (rowsAtOnce, longest, trained, peak) => {
      const estimate = trainingMemory(base, trained, { rowsAtOnce, longest, ...rest }) ?? 0;
      // The measured process is no worker, which holds 100 MB more.
      expect(Math.abs(estimate - 100e6 - peak) / peak).toBeLessThan(0.05);
    },
  );

  it('is unknown where the layout is', () => {
    const amount = { rowsAtOnce: 1, longest: 8, ...rest };
    expect(trainingMemory({ ...base, details: {} }, 1, amount)).toBeNull();
    expect(trainingMemory({ ...base, details: { layout: llamaLayout } }, null, amount)).toBeNull();
  });
});
