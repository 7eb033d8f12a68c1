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
  it('fills in the defaults', () => {
    expect(trainingSettings(method({}), base)).toEqual({
      epochs: 10,
      batchSize: 32,
      learningRate: 1e-3,
      warmupRatio: 0.06,
      weightDecay: 0,
      maxGradNorm: 1,
      maxLength: 256,
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
    expect(trainingSettings(method({ hyperparameters }), base)).toMatchObject({
      maxSteps: 7,
      batchSize: 2,
      learningRate: 0.5,
      evaluationSteps: 0,
      maxLength: 8,
    });
  });

  it('refuses examples longer than the context', () => {
    expect(() => trainingSettings(method({ hyperparameters: { max_length: 257 } }), base)).toThrow(
      'at most 256',
    );
  });
});

it('fills in the options of the method', () => {
  const unknown = { details: {} };
  const tokens = { special_tokens: [], special_tokens_tied: false };
  expect(methodOptions(method({}), unknown)).toEqual({
    ...{
      rank: 16,
      scale: 1,
      site: 'ffn',
      form: 'parallel',
      layer_norm: 'none',
      dropout: 0,
      init: 'identity',
    },
    ...tokens,
  });
  const lora = { adapter: 'lora', rank: 4, alpha: 8, targets: ['q_proj'], layers: [3] };
  expect(methodOptions(method(lora), unknown)).toEqual({
    ...{ rank: 4, alpha: 8, scaling: 'none', targets: ['q_proj'], layers: [3] },
    ...{ dropout: 0, dropout_at: 'output', init: 'identity' },
    ...tokens,
  });
  expect(methodOptions(method({ adapter: 'prompt' }), unknown)).toEqual({ length: 20, ...tokens });
});

it('knows the layers, projections and size of the base', () => {
  const known = { details: { layout: llamaLayout } };
  expect(methodOptions(method({ rank: 2, layers: [1] }), known)['layers']).toEqual([1]);
  expect(() => methodOptions(method({ rank: 2, layers: [0, 2] }), known)).toThrow('layers 0 to 1, got 2');
  expect(() => methodOptions(method({ rank: 4000 }), known)).toThrow("at most the base's hidden size");
});
