import { OnnxExecutor, type GenerationRequest, type ServedAdapter } from '@prad/generation';
import { describe, expect, it } from 'vitest';
import { expectClose, floats, int64, named, referenceTensors } from '../numerics/nn/reference.js';
import { answers } from '../numerics/support/answers.js';
import { expectGoldenBeams } from '../numerics/support/beam-cases.js';
import { openTiny, RecordingExecutor, served } from '../numerics/support/generation-cases.js';

const greedy = { temperature: 0, topK: 0, topP: 1, seed: 0 };

const ask = (prompt: readonly number[], maxTokens: number, adapter?: ServedAdapter): GenerationRequest => ({
  prompt,
  adapter,
  maxTokens,
  sampling: greedy,
});

describe.each([
  { folder: 'llama', names: ['adapter', 'lora-kv'] },
  { folder: 'gpt2', names: ['adapter', 'lora-qv'] },
])('generation on the tiny $folder', ({ folder, names }) => {
  it("gives transformers' greedy tokens and logits, rows of different lengths in one batch", async () => {
    const tiny = await openTiny(folder);
    const golden = await referenceTensors(`${folder}/generate.safetensors`);
    const [ids, mask] = [int64(named(golden, 'input_ids')), int64(named(golden, 'attention_mask'))];
    const prompts = [0, 1, 2].map((row) =>
      ids.slice(row * 8, row * 8 + 8).filter((_, t) => mask[row * 8 + t] === 1),
    );
    const wanted = int64(named(golden, 'tokens'));
    const logits = floats(named(golden, 'logits')); // [9, 3, V]
    const requests = prompts.map((prompt) => ask(prompt, 9));
    const got = (await answers(tiny, requests, { device: 'webgpu' })).answers;
    got.forEach((answer, row) => {
      expect(answer.tokens).toEqual(wanted.slice(row * 9, row * 9 + 9));
      answer.logits.forEach((step, index) => {
        expectClose(step, logits.subarray((index * 3 + row) * 96, (index * 3 + row + 1) * 96), 5e-5);
      });
    });
  });

  it('answers a mixed batch as the CPU does, while rows of adapters and of none come, go and move', async () => {
    const tiny = await openTiny(folder);
    const onPrompts = await Promise.all(names.map((name) => served(tiny, name, 'prompt')));
    const everywhere = await served(tiny, names[1]!, 'all', (x) => 1.5 * x);
    const mix = [undefined, onPrompts[0], everywhere, onPrompts[1], undefined, everywhere, onPrompts[0]];
    const requests = mix.map((adapter, row) =>
      ask(
        Array.from({ length: 3 + ((row * 5) % 7) }, (_, t) => 3 + ((row * 17 + t * 29) % 90)),
        2 + ((row * 3) % 7),
        adapter,
      ),
    );
    const [gpu, cpu] = [
      await answers(tiny, requests, { device: 'webgpu', capacity: 16 }),
      await answers(tiny, requests, { device: 'cpu', capacity: 16 }),
    ];
    expect(gpu.plans.some(({ moves }) => moves.length > 0)).toBe(true);
    expect(gpu.plans.some(({ decode, adaptedDecode }) => decode.length > 0 && adaptedDecode.length > 0)).toBe(
      true,
    );
    cpu.answers.forEach(({ tokens, logits }, row) => {
      expect(gpu.answers[row]!.tokens, `row ${row}`).toEqual(tokens);
      logits.forEach((step, index) => {
        expectClose(gpu.answers[row]!.logits[index]!, step, 5e-5, `row ${row}, token ${index}`);
      });
    });
  });
});

it.each(['llama', 'gpt2'] as const)("finds transformers' beams on the tiny %s", async (folder) => {
  const tiny = await openTiny(folder);
  const executor = await RecordingExecutor.open(tiny, { slots: 9, capacity: 32, device: 'webgpu' });
  await expectGoldenBeams(executor, folder, 1e-5);
  expect(executor.plans.some(({ copies }) => copies.length > 1)).toBe(true);
  await executor.close();
});

it('answers with every adapter method in one batch as the CPU does', async () => {
  const tiny = await openTiny('llama');
  const methods = [
    ...['adapter', 'adapter-attention', 'adapter-learnable', 'adapter-ln-in', 'adapter-seq', 'dora', 'ia3'],
    ...['lora-kv', 'mam', 'prefix', 'prefix-projection', 'prompt', 'special-tokens'],
  ];
  const adapters = await Promise.all(methods.map((name) => served(tiny, name, 'prompt')));
  const requests = adapters.map((adapter, row) => ask([5, 9, 40 + row, 33, 21].slice(row % 3), 3, adapter));
  const gpu = (await answers(tiny, requests, { device: 'webgpu', slots: 6 })).answers;
  const cpu = (await answers(tiny, requests, { device: 'cpu', slots: 6 })).answers;
  cpu.forEach(({ tokens, logits }, row) => {
    expect(gpu[row]!.tokens, methods[row]).toEqual(tokens);
    logits.forEach((step, index) => {
      expectClose(gpu[row]!.logits[index]!, step, 5e-5, `${methods[row]}, token ${index}`);
    });
  });
});

// Windows of attention, a cap on its scores (which WebGPU's operator lacks), partial and scaled rotations.
it.each(['qwen2', 'gemma2', 'gemma3_text', 'phi3', 'llama3'])(
  'answers of the tiny %s are those of the CPU',
  async (folder) => {
    const tiny = await openTiny(folder);
    const requests = [ask([5, 9, 40, 33, 21, 7, 8], 5), ask([3, 4], 6), ask([30, 31, 32, 33], 3)];
    const gpu = (await answers(tiny, requests, { device: 'webgpu', capacity: 16 })).answers;
    const cpu = (await answers(tiny, requests, { device: 'cpu', capacity: 16 })).answers;
    cpu.forEach(({ tokens, logits }, row) => {
      expect(gpu[row]!.tokens, `row ${row}`).toEqual(tokens);
      logits.forEach((step, index) => {
        expectClose(gpu[row]!.logits[index]!, step, 5e-5, `row ${row}, token ${index}`);
      });
    });
  },
);

it('says what is too large for the device', async () => {
  const tiny = await openTiny('llama');
  const model = { ...tiny.model, dimensions: { ...tiny.model.dimensions, maxPositions: 1e6 } };
  const opening = OnnxExecutor.open(model, {
    slots: 1024,
    capacity: 1e6,
    intraOpThreads: 1,
    device: 'webgpu',
  });
  await expect(opening).rejects.toMatchObject({
    kind: 'exhausted',
    code: 'out_of_memory',
    message: expect.stringMatching(/cache of 1024 sequences of 1000000 tokens, \d+ MB/) as string,
  });
});
