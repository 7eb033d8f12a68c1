import { createFineTuningJob } from '@prad/contracts';
import { llamaLayout } from '../../../../libs/adapter-files/testing/layouts.js';
import { describe, expect, it } from 'vitest';
import { methodOptions, trainingSettings } from './training-defaults.js';

const base = { id: 'prad-tiny', contextLength: 256 };

function method(prad: object) {
  const body = { model: 'prad-tiny', training_file: 'file-1', method: { type: 'prad', prad } };
  return createFineTuningJob.parse(body).method.prad;
}

describe('trainingSettings', () => {
  it('fills in the defaults and validates once an epoch', () => {
    expect(trainingSettings(method({}), base, 100)).toEqual({
      epochs: 10,
      batchSize: 32,
      learningRate: 1e-3,
      warmupRatio: 0.06,
      weightDecay: 0,
      maxGradNorm: 1,
      maxLength: 256,
      evaluationSteps: 4,
    });
  });

  it('keeps what is given', () => {
    const hyperparameters = {
      max_steps: 7,
      batch_size: 2,
      learning_rate: 0.5,
      evaluation_steps: 0,
      max_length: 8,
    };
    expect(trainingSettings(method({ hyperparameters }), base, 100)).toMatchObject({
      maxSteps: 7,
      batchSize: 2,
      learningRate: 0.5,
      evaluationSteps: 0,
      maxLength: 8,
    });
  });

  it('refuses examples longer than the context', () => {
    expect(() => trainingSettings(method({ hyperparameters: { max_length: 257 } }), base, 1)).toThrow(
      'at most 256',
    );
  });
});

it('takes rank and scale of the method', () => {
  const unknown = { id: 'tiny', details: {} };
  expect(methodOptions(method({}), unknown)).toEqual({ rank: 16, scale: 1, init: 'identity' });
  expect(
    methodOptions(method({ adapter: 'lora', rank: 4, targets: ['q_proj'], layers: [3] }), unknown),
  ).toEqual({
    rank: 4,
    scale: 4,
    init: 'identity',
    targets: ['q_proj'],
    layers: [3],
  });
});

it('knows the layers of the base', () => {
  const known = { id: 'tiny', details: { layout: llamaLayout } };
  expect(methodOptions(method({ layers: [1] }), known).layers).toEqual([1]);
  expect(() => methodOptions(method({ layers: [0, 2] }), known)).toThrow(
    'from 0 to 1, the layers of tiny, got 2',
  );
});
