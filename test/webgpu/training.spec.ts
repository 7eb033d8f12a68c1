import { promptMask } from '@prad/nn';
import { collate, Trainer, trainedTensors } from '@prad/training';
import { describe, expect, it } from 'vitest';
import { answerRowsOf } from '../numerics/nn/architecture-contract.js';
import { batchOf, lossAndGradients } from '../numerics/nn/full-run.js';
import {
  expectClose,
  floats,
  named,
  referenceAdapter,
  referenceJson,
  referenceTensors,
  tinyModel,
} from '../numerics/nn/reference.js';
import { openTiny } from '../numerics/support/generation-cases.js';

interface Curve {
  readonly loss: number[];
  readonly gradient_norm: number[];
  readonly weight_decay: number;
  readonly clip_norm: number;
}

describe.each(['llama', 'gpt2'])('training on the tiny %s', (folder) => {
  it.each(['adapter', 'adapter-ln-in', 'dora', 'ia3', 'lora-qv', 'mam', 'prefix', 'special-tokens'])(
    "has PyTorch's loss and gradients: %s",
    async (name) => {
      const tiny = await tinyModel(folder, 'webgpu');
      const golden = await referenceTensors(`${folder}/${name}.prompt.safetensors`);
      const rows = answerRowsOf(golden).map(({ ids, prompt }) => ({
        ids,
        prompt: prompt!,
        mask: [...promptMask({ length: ids.length, promptLength: prompt! })],
      }));
      const loaded = await referenceAdapter(tiny, name);
      const { loss, gradients } = await lossAndGradients(tiny, batchOf(rows), loaded);
      expect(Math.abs(loss / floats(named(golden, 'loss'))[0]! - 1)).toBeLessThan(1e-5);
      expect([...gradients.keys()].sort()).toEqual([...loaded.tensors.keys()].sort());
      for (const [tensor, gradient] of gradients)
        expectClose(gradient, floats(named(golden, `grad.${tensor}`)), 1e-3, tensor);
    },
  );

  it('follows the AdamW curve of PyTorch, clipping included', async () => {
    const { model } = await openTiny(folder);
    const tiny = await tinyModel(folder);
    const { adapter, tensors } = await referenceAdapter(tiny, 'adapter');
    const curve = (referenceJson(`${folder}/adamw.json`) as Record<string, Curve>)['clip-0.3']!;
    const trained = trainedTensors(model, {
      kind: 'adapter',
      method: 'adapter',
      options: adapter.options,
      scope: 'prompt',
    });
    const trainer = await Trainer.open(model, trained, {
      learningRate: 0.01,
      warmupSteps: 2,
      totalSteps: 10,
      weightDecay: curve.weight_decay,
      maxGradNorm: curve.clip_norm,
      seed: 0,
      intraOpThreads: 1,
      device: 'webgpu',
      start: tensors,
    });
    const golden = await referenceTensors(`${folder}/adapter.prompt.safetensors`);
    const batch = collate(
      answerRowsOf(golden).map(({ ids, prompt }) => ({ tokens: ids, promptLength: prompt! })),
      trained.maskOf,
      model.dimensions.vocabSize,
    );
    const steps = [];
    for (let step = 0; step < 10; step++) steps.push(await trainer.step(batch));
    const [losses, norms] = [steps.map(({ loss }) => loss), steps.map(({ gradientNorm }) => gradientNorm)];
    expectClose(losses, curve.loss, 1e-4, 'loss');
    expectClose(norms, curve.gradient_norm, 1e-3, 'gradient norm');
    const end = await referenceTensors(`${folder}/adamw.clip-0.3.safetensors`);
    for (const [name, expected] of end)
      expectClose(floats(trainer.tensors.get(name)), floats(expected), 1e-3, name);
    await trainer.close();
  });
});
