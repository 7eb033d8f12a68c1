import { adapterMethodNames, adapterOptions, createFineTuningJob } from '@prad/contracts';
import { describe, expect, it } from 'vitest';
import { costOf } from './cost.js';
import { firstValues, methodDefaults, problemsOf, toRequest } from './job-values.js';

const values = firstValues('prad-tiny', 'file-1');
const bins = [
  { from: 10, to: 11, count: 3 },
  { from: 20, to: 21, count: 1 },
];
const lengths = { min: 10, median: 10, p95: 20, max: 20, bins };

describe('the cost of a job', () => {
  it('counts whole epochs, whose last batch may be smaller', () => {
    expect(costOf(801, values, undefined)).toMatchObject({ stepsOfAnEpoch: 26, steps: 260, tokens: null });
  });

  it('counts given steps as they are, and the epochs that they come to', () => {
    const byStepsOnly = { ...values, length: 'steps', max_steps: 50 } as const;
    expect(costOf(800, byStepsOnly, undefined)).toMatchObject({ steps: 50, epochs: 2 });
  });

  it('estimates tokens by the mean length of an example', () => {
    expect(costOf(4, { ...values, n_epochs: 2 }, lengths).tokens).toBe(100);
  });
});

describe('the request of the form', () => {
  it('is one that the contract takes, with the defaults in sight', () => {
    expect(problemsOf(values)).toEqual({});
    expect(toRequest(values)).toMatchObject({
      model: 'prad-tiny',
      method: { prad: { rank: 16, scale: 1, hyperparameters: { n_epochs: 10, batch_size: 32 } } },
    });
  });

  it('names the fields at fault', () => {
    const wrong = {
      ...values,
      suffix: 'Has Blanks',
      options: { ...values.options, rank: 0 },
      training_file: '',
      learning_rate: 99,
    };
    expect(Object.keys(problemsOf(wrong)).sort()).toEqual([
      'learning_rate',
      'options.rank',
      'suffix',
      'training_file',
    ]);
  });

  it('sends steps or epochs, never both', () => {
    const { hyperparameters } = (toRequest({ ...values, length: 'steps', max_steps: 7 }).method?.prad ??
      {}) as {
      readonly hyperparameters?: unknown;
    };
    expect(hyperparameters).toMatchObject({ max_steps: 7 });
    expect(hyperparameters).not.toHaveProperty('n_epochs');
  });

  it('asks every method for its own options, and sends what is given', () => {
    for (const adapter of adapterMethodNames) {
      const first = { ...values, adapter, ...methodDefaults(adapter) };
      expect(problemsOf(first), adapter).toEqual({});
      const { prad } = createFineTuningJob.parse(toRequest(first)).method;
      expect(prad).toMatchObject(adapterOptions[adapter].parse({}));
    }
    const full = { ...values, adapter: 'full' as const, ...methodDefaults('full') };
    expect(problemsOf(full)).toEqual({});
    expect(toRequest(full)).toMatchObject({ method: { prad: { adapter: 'full' } } });
    const lora = { ...values, adapter: 'lora' as const, ...methodDefaults('lora') };
    const options = { ...lora.options, layers: ['0', '2'], targets: ['q_proj'], rank: 4 };
    expect(toRequest({ ...lora, options })).toMatchObject({
      method: { prad: { adapter: 'lora', layers: [0, 2], targets: ['q_proj'], rank: 4, alpha: 4 } },
    });
  });
});
