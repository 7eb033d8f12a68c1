import { OnnxReadingExecutor, PromptReader, type ReadingRun, type ServedAdapter } from '@prad/generation';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose, referenceJson } from './nn/reference.js';
import { openTiny, served, type TinyBase } from './support/generation-cases.js';

interface Case {
  readonly family: string;
  readonly adapter: string | null;
  readonly scope: 'prompt' | 'all';
  /** [prompt][E] */
  readonly last: number[][];
  readonly mean: number[][];
  /** [prompt][token], from the second on */
  readonly prompt_log_probabilities: number[][];
  /** [prompt][answer][token] */
  readonly log_probabilities: number[][][];
}

const golden = referenceJson('reading.json') as { prompts: number[][]; answers: number[][]; cases: Case[] };
const { prompts, answers } = golden;
const titled = golden.cases.map((known) => ({ ...known, title: known.adapter ?? 'the base alone' }));

interface ReaderSize {
  readonly prefillTokens?: number;
}

async function openReader({ model }: TinyBase, { prefillTokens = 64 }: ReaderSize = {}) {
  const runs: ReadingRun[] = [];
  const executor = await OnnxReadingExecutor.open(model, { capacity: 32, intraOpThreads: 1 });
  const reader = new PromptReader(executor, { prefillTokens, onRun: (run) => runs.push(run) });
  return { reader, runs };
}

describe.each(titled)("reading gives transformers' values: $family with $title in scope $scope", (known) => {
  let tiny: TinyBase;
  let adapter: ServedAdapter | undefined;
  beforeAll(async () => {
    tiny = await openTiny(known.family);
    adapter = known.adapter === null ? undefined : await served(tiny, known.adapter, known.scope);
  });

  // Of the second, prompts of 5 and 9 tokens are read in chunks.
  it.each([64, 4])('read in runs of %i tokens', async (prefillTokens) => {
    const { reader } = await openReader(tiny, { prefillTokens });
    const embedded = (pooling: 'last' | 'mean') =>
      Promise.all(prompts.map((prompt) => reader.embed({ prompt, adapter, pooling })));
    const [last, mean] = await Promise.all([embedded('last'), embedded('mean')]);
    const scored = await Promise.all(prompts.map((prompt) => reader.score({ prompt, adapter, answers })));
    const read = await Promise.all(
      prompts.map((prompt) => reader.likelihoods({ prompt, adapter, logprobs: 1 })),
    );
    await reader.close();
    prompts.forEach((prompt, row) => {
      const likelihoods = read[row]!.likelihoods.map(({ logprob }) => logprob);
      const expected = Float32Array.from(known.prompt_log_probabilities[row]!);
      expectClose(Float32Array.from(likelihoods), expected, 1e-5, `the prompt ${row}`);
      for (const { logprob, top } of read[row]!.likelihoods)
        expect(top[0]!.logprob).toBeGreaterThanOrEqual(logprob);
      expectClose(last[row]!.vector, Float32Array.from(known.last[row]!), 1e-5, `last of ${row}`);
      expectClose(mean[row]!.vector, Float32Array.from(known.mean[row]!), 1e-5, `mean of ${row}`);
      expect(scored[row]).toMatchObject({ promptTokens: prompt.length, answerTokens: 10 });
      known.log_probabilities[row]!.forEach((expected, answer) => {
        const got = Float32Array.from(scored[row]!.logProbabilities[answer]!);
        expectClose(got, Float32Array.from(expected), 1e-5, `answer ${answer} of ${row}`);
      });
    });
  });
});

it('reads prompts of any adapters in one run, and each as if it were alone', async () => {
  const tiny = await openTiny('llama');
  const adapters = [
    undefined,
    await served(tiny, 'adapter', 'prompt'),
    await served(tiny, 'lora-qv', 'prompt'),
  ];
  const asked = adapters.flatMap((adapter) => prompts.map((prompt) => ({ prompt, adapter })));
  const { reader, runs } = await openReader(tiny, { prefillTokens: 200 });
  const together = await Promise.all(
    asked.map(async (request) => ({
      embedding: (await reader.embed({ ...request, pooling: 'mean' })).vector,
      scores: (await reader.score({ ...request, answers })).logProbabilities,
    })),
  );
  await reader.close();
  expect(runs[0]).toMatchObject({ rows: 9, adapters: 2, scoredTokens: 0 });
  for (const [row, request] of asked.entries()) {
    const alone = await openReader(tiny);
    const { vector } = await alone.reader.embed({ ...request, pooling: 'mean' });
    const { logProbabilities } = await alone.reader.score({ ...request, answers });
    await alone.reader.close();
    expectClose(together[row]!.embedding, vector, 1e-5, `row ${row}`);
    logProbabilities.forEach((expected, answer) => {
      const got = Float32Array.from(together[row]!.scores[answer]!);
      expectClose(got, Float32Array.from(expected), 1e-5, `row ${row}, answer ${answer}`);
    });
  }
});

it('reads a prompt once for all answers, and puts no answer through the adapter', async () => {
  const tiny = await openTiny('llama');
  const adapter = await served(tiny, 'adapter', 'prompt');
  const { reader, runs } = await openReader(tiny);
  const [prompt = []] = prompts;
  await reader.score({ prompt, adapter, answers });
  await reader.close();
  expect(runs.reduce((sum, run) => sum + run.promptTokens, 0)).toBe(prompt.length);
  // Answers of 1, 2, 4 and 3 tokens, of which the last one's logits are not asked for: three runs rather than six steps.
  expect(runs.map(({ scoredTokens }) => scoredTokens)).toEqual([0, 1, 3, 2]);
});

it('puts a token of many prompts into one run, where that takes fewer of them', async () => {
  const tiny = await openTiny('llama');
  const { reader, runs } = await openReader(tiny);
  const labels = [
    [7, 1],
    [9, 1],
  ];
  const many = Array.from({ length: 6 }, (_, row) => [5, 6 + row, 40]);
  await Promise.all(many.map((prompt) => reader.score({ prompt, answers: labels })));
  await reader.close();
  expect(runs.map(({ rows, scoredTokens }) => [rows, scoredTokens])).toEqual([
    [6, 0],
    [6, 6],
    [6, 6],
  ]);
});
