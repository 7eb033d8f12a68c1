import { OnnxReadingExecutor, PromptReader } from '@prad/generation';
import type { Device } from '@prad/runtime';
import { describe, it } from 'vitest';
import { expectClose } from '../numerics/nn/reference.js';
import { openTiny, served, type TinyBase } from '../numerics/support/generation-cases.js';

type Asked = Pick<Parameters<PromptReader['score']>[0], 'prompt' | 'adapter'>;

const answers = [[7], [8, 9], [50, 1, 2, 3]];

/** Everything that a reader tells of prompts, asked at once. */
async function read({ model }: TinyBase, asked: readonly Asked[], device: Device) {
  const executor = await OnnxReadingExecutor.open(model, { capacity: 32, intraOpThreads: 1, device });
  const reader = new PromptReader(executor, { prefillTokens: 64 });
  const found = await Promise.all(
    asked.map(async (request) => {
      const [last, mean, scores, likely] = await Promise.all([
        reader.embed({ ...request, pooling: 'last' }),
        reader.embed({ ...request, pooling: 'mean' }),
        reader.score({ ...request, answers }),
        reader.likelihoods({ ...request, logprobs: 0 }),
      ]);
      return {
        'the last state': [...last.vector],
        'the mean of the states': [...mean.vector],
        'the answers': scores.logProbabilities.flat(),
        'the prompt': likely.likelihoods.map(({ logprob }) => logprob),
      };
    }),
  );
  await reader.close();
  return found;
}

describe.each([
  { folder: 'llama', names: ['adapter', 'prefix'] },
  { folder: 'gpt2', names: ['adapter', 'lora-qv'] },
])('reading on the tiny $folder', ({ folder, names }) => {
  it('embeds and scores as the CPU does, prompts of adapters and of none side by side', async () => {
    const tiny = await openTiny(folder);
    const onPrompts = await Promise.all(names.map((name) => served(tiny, name, 'prompt')));
    const everywhere = await served(tiny, 'adapter', 'all');
    const asked = [undefined, ...onPrompts, everywhere].map((adapter, row) => ({
      prompt: [5, 9, 40 + row, 33, 21, 7].slice(row % 3),
      adapter,
    }));
    const [gpu, cpu] = [await read(tiny, asked, 'webgpu'), await read(tiny, asked, 'cpu')];
    cpu.forEach((known, row) => {
      for (const [what, expected] of Object.entries(known)) {
        const got = gpu[row]![what as keyof typeof known];
        expectClose(Float32Array.from(got), Float32Array.from(expected), 5e-5, `${what}, row ${row}`);
      }
    });
  });
});
