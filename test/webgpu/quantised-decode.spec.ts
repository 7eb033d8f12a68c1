import { importBaseModel, openBaseModel } from '@prad/models';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expectClose } from '../numerics/nn/reference.js';
import { answers } from '../numerics/support/answers.js';
import { smallHuggingFaceFolder, smallLlama } from '../numerics/support/small-base.js';

it.each(['q8', 'q4'] as const)('decodes with %s as the CPU does', async (decodeWeights) => {
  const folder = join(await mkdtemp(join(tmpdir(), 'prad-webgpu-')), 'model');
  const source = await smallHuggingFaceFolder(1, { ...smallLlama, initializer_range: 0.05 });
  await importBaseModel(source, folder, { quantise: ['q4', 'q8'] });
  const small = { folder, model: await openBaseModel(folder, 'small') };
  const requests = [[5, 900, 77, 1500], [3, 2000], [44]].map((prompt) => ({
    ...{ prompt, maxTokens: 4, sampling: { temperature: 0, topK: 0, topP: 1, seed: 0 } },
  }));
  const gpu = (await answers(small, requests, { device: 'webgpu', decodeWeights })).answers;
  const cpu = (await answers(small, requests, { device: 'cpu', decodeWeights })).answers;
  cpu.forEach(({ tokens, logits }, row) => {
    expect(gpu[row]!.tokens, `row ${row}`).toEqual(tokens);
    logits.forEach((step, index) => {
      // The CPU rounds activations to 8 bits as well, a GPU does not.
      expectClose(gpu[row]!.logits[index]!, step, 1e-2, `row ${row}, token ${index}`);
    });
  });
});
