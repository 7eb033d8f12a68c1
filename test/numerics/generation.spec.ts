import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  emptyStep,
  positionsOf,
  rowsOf,
  servedAdapter,
  wholePrompt,
  type GenerationRequest,
  type ServedAdapter,
  type StepPlan,
} from '@prad/generation';
import { adapterFor, initialise } from '@prad/nn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectClose, floats, int64, named, referenceAdapter, referenceTensors } from './nn/reference.js';
import { answers } from './support/answers.js';
import { openTiny, RecordingExecutor, served, type TinyBase } from './support/generation-cases.js';

const greedy = { temperature: 0, topK: 0, topP: 1, seed: 0 };

const families = [
  { folder: 'llama', adapters: ['adapter', 'lora-kv', 'lora-qv'] },
  { folder: 'gpt2', adapters: ['adapter', 'lora-qv'] },
  { folder: 'llama-untied', adapters: [] },
];

describe.each(families)('generation on the tiny $folder', ({ folder, adapters: names }) => {
  let tiny: TinyBase;
  let adapters: ServedAdapter[];
  beforeAll(async () => {
    tiny = await openTiny(folder);
    adapters = await Promise.all(names.map((name) => served(tiny, name, 'prompt')));
  });
  const ask = (prompt: readonly number[], adapter?: ServedAdapter, maxTokens = 6): GenerationRequest => ({
    prompt,
    adapter,
    maxTokens,
    sampling: greedy,
  });

  it("gives transformers' greedy tokens and logits, rows of different lengths in one batch", async () => {
    const golden = await referenceTensors(`${folder}/generate.safetensors`);
    const [ids, mask] = [int64(named(golden, 'input_ids')), int64(named(golden, 'attention_mask'))];
    const prompts = [0, 1, 2].map((row) =>
      ids.slice(row * 8, row * 8 + 8).filter((_, t) => mask[row * 8 + t] === 1),
    );
    const wanted = int64(named(golden, 'tokens'));
    const logits = floats(named(golden, 'logits')); // [9, 3, V]
    const got = (
      await answers(
        tiny,
        prompts.map((prompt) => ask(prompt, undefined, 9)),
      )
    ).answers;
    got.forEach((answer, row) => {
      expect(answer.tokens).toEqual(wanted.slice(row * 9, row * 9 + 9));
      answer.logits.forEach((step, index) => {
        expectClose(step, logits.subarray((index * 3 + row) * 96, (index * 3 + row + 1) * 96), 2e-5);
      });
    });
  });

  it('prad-spec 7.7: decodes with the weights of the base, all of them and nothing else', async () => {
    const executor = await RecordingExecutor.open(tiny, { slots: 1, capacity: 16 });
    const { inputs, weights } = executor.inner.decode;
    await executor.close();
    const file = readFileSync(join(tiny.model.folder, 'model.safetensors'));
    // By place in the file: weights that lie side by side may be loaded as one.
    const hash = (regions: Iterable<{ offset: number; length: number }>): string => {
      const sum = createHash('sha256');
      for (const { offset, length } of [...regions].sort((a, b) => a.offset - b.offset))
        sum.update(file.subarray(offset, offset + length));
      return sum.digest('hex');
    };
    expect(hash(weights.values())).toBe(
      hash(tiny.model.parameters.map(({ name }) => tiny.model.dataOf(name))),
    );
    expect(inputs.filter((name) => !name.startsWith('past.')).sort()).toEqual([
      'input_ids',
      'last',
      'position_ids',
      'seqlens',
      'total',
    ]);
  });

  it('decode does not depend on the room in the cache', async () => {
    const request = [ask([5, 6, 7, 8], adapters[0]), ask([9, 10])];
    const small = await answers(tiny, request, { capacity: 16 });
    const large = await answers(tiny, request, { capacity: 64 });
    expect(large.answers).toEqual(small.answers);
  });

  it('prad-spec 7.17: a mixed batch = each row alone, while rows come, go and move', async () => {
    const requests = [undefined, ...adapters, adapters[0], undefined, adapters.at(-1)].map((adapter, row) =>
      ask(
        Array.from({ length: 3 + ((row * 5) % 7) }, (_, t) => 3 + ((row * 17 + t * 29) % 90)),
        adapter,
        2 + ((row * 3) % 7),
      ),
    );
    // No stack of adapters is kept: each mix is laid over the one before.
    const together = await answers(tiny, requests, { bankBytes: 0 });
    expect(together.plans.some(({ moves }) => moves.length > 0)).toBe(true);
    for (const [row, request] of requests.entries()) {
      const alone = (await answers(tiny, [request], { slots: 1 })).answers[0]!;
      expect(together.answers[row]!.tokens).toEqual(alone.tokens);
      alone.logits.forEach((step, index) => {
        expectClose(together.answers[row]!.logits[index]!, step, 1e-5, `row ${row}, token ${index}`);
      });
    }
  });
});

it('serves an adapter without tokens of its own after one that has some', async () => {
  const tiny = await openTiny('llama');
  const request = async (name: string): Promise<GenerationRequest> => ({
    ...{ prompt: [5, 9, 40], maxTokens: 3, sampling: greedy },
    adapter: await served(tiny, name, 'prompt'),
  });
  const [tokens, plain] = [await request('special-tokens'), await request('adapter')];
  const [, after] = (await answers(tiny, [tokens, plain], { slots: 1 })).answers;
  const [alone] = (await answers(tiny, [plain], { slots: 1 })).answers;
  expect(after).toEqual(alone);
});

const adapted = families.flatMap(({ folder, adapters }) => adapters.map((name) => ({ folder, name })));

describe.each(adapted)('$name on the tiny $folder', ({ folder, name }) => {
  let tiny: TinyBase;
  const executors: RecordingExecutor[] = [];
  const executor = async (): Promise<RecordingExecutor> => {
    const opened = await RecordingExecutor.open(tiny, { slots: 4, capacity: 32 });
    executors.push(opened);
    return opened;
  };
  beforeAll(async () => {
    tiny = await openTiny(folder);
  });
  afterAll(async () => {
    for (const opened of executors) await opened.close();
  });
  const plan = (change: Partial<StepPlan>): StepPlan => ({
    ...emptyStep,
    ...change,
  });

  it.each(['prompt', 'all'] as const)("prefill and decode give PyTorch's logits, scope %s", async (scope) => {
    const golden = await referenceTensors(`${folder}/${name}.${scope}.safetensors`);
    const [ids, labels] = [int64(named(golden, 'input_ids')), int64(named(golden, 'labels'))];
    const adapter = await served(tiny, name, scope);
    expect(adapter.adaptsAnswers).toBe(scope === 'all');
    const rows = [0, 1, 2].map((row) => {
      const at = row * 11;
      const first = labels.slice(at, at + 11).findIndex((label) => label !== -100);
      const answer = labels.slice(at, at + 11).filter((label) => label !== -100);
      return { request: row, slot: row, prompt: ids.slice(at, at + first), answer };
    });
    const running = await executor();
    await running.run(
      plan({ prefill: [rows.map(({ prompt: tokens, ...row }) => wholePrompt({ ...row, tokens, adapter }))] }),
    );
    for (let step = 0; step < 3; step++) {
      const going = rows.map(({ request, slot, prompt, answer }) => ({
        ...{ request, slot, token: answer[step]!, length: prompt.length + step, adapter },
      }));
      await running.run(scope === 'all' ? plan({ adaptedDecode: going }) : plan({ decode: going }));
    }
    for (const { request, answer } of rows) {
      const wanted = floats(named(golden, `decode.${request}.logits`));
      answer.forEach((_, index) => {
        const step = wanted.subarray(index * 96, (index + 1) * 96);
        expectClose(running.logitsOf(request)[index]!, step, 2e-5, `row ${request}, token ${index}`);
      });
    }
  });

  it('prad-spec 7.17: what other adapters do after the prefill changes nothing', async () => {
    const adapter = await served(tiny, name, 'prompt');
    const other = await served(tiny, name, 'prompt', (x) => -2 * x);
    const row = { request: 0, slot: 0 };
    const prefill = plan({ prefill: [[wholePrompt({ ...row, tokens: [5, 9, 40], adapter })]] });
    const decode = plan({ decode: [{ ...row, token: 33, length: 3 }] });
    const [quiet, busy] = [await executor(), await executor()];
    await quiet.run(prefill);
    await quiet.run(decode);
    await busy.run(prefill);
    await busy.run(
      plan({ prefill: [[wholePrompt({ request: 1, slot: 1, tokens: [5, 9, 40], adapter: other })]] }),
    );
    await busy.run(decode);
    expect(busy.logitsOf(0)).toEqual(quiet.logitsOf(0));
    expect(busy.logitsOf(1)[0]).not.toEqual(busy.logitsOf(0)[0]);
  });

  it('prad-spec 7.8: a decode run is the same whatever adapters its rows had', async () => {
    const adapter = await served(tiny, name, 'prompt');
    const running = await executor();
    const rows = [0, 1, 2].map((request) => ({ request, slot: request }));
    await running.run(
      plan({
        prefill: [
          rows.map((row) =>
            wholePrompt({ ...row, tokens: [5, 6], adapter: row.slot === 2 ? undefined : adapter }),
          ),
        ],
      }),
    );
    const step = plan({ decode: rows.map((row) => ({ ...row, token: 7, length: 2 })) });
    expect(rowsOf(step).some((row) => 'adapter' in row)).toBe(false);
    await running.run(step);
    expectClose(running.logitsOf(0)[1]!, running.logitsOf(1)[1]!, 1e-6);
  });
});

describe.each(['llama', 'gpt2'])('every adapter method in one batch on %s', (folder) => {
  const names = [
    'adapter',
    'adapter-both-seq',
    'adapter-ln-out',
    'lora-qv',
    'lora-rank',
    'dora',
    'dora-peft',
  ];
  const others = ['prefix', 'prompt', 'mam', 'ia3', 'special-tokens'];

  it('prad-spec 7.17, 7.23: each row answers as it does alone, and the decode graph knows no adapter', async () => {
    const tiny = await openTiny(folder);
    const all = [
      undefined,
      ...(await Promise.all([...names, ...others].map((name) => served(tiny, name, 'prompt')))),
    ];
    const ask = (adapter: ServedAdapter | undefined, index: number): GenerationRequest => ({
      prompt: [5, 9, 40, 7, 11, 23].slice(0, 3 + (index % 4)),
      adapter,
      maxTokens: 8,
      sampling: greedy,
    });
    const requests = all.map(ask);
    const together = await answers(tiny, requests, { slots: requests.length, capacity: 40 });
    expect(Math.max(...together.plans.map(({ decode }) => decode.length))).toBe(requests.length);
    for (const [index, request] of requests.entries()) {
      const alone = await answers(tiny, [request], { slots: 1, capacity: 40 });
      expect(together.answers[index]!.tokens, `row ${index}`).toEqual(alone.answers[0]!.tokens);
      alone.answers[0]!.logits.forEach((logits, step) => {
        expectClose(together.answers[index]!.logits[step]!, logits, 1e-5, `row ${index}, token ${step}`);
      });
    }
    // They do answer differently: rows 0, 4, 8 and 12 have the same prompt.
    const first = [0, 4, 8, 12].map((index) => together.answers[index]!.logits[0]!.join());
    expect(new Set(first).size).toBe(first.length);
  });

  it.each(
    [...names, ...others].flatMap((name) =>
      (['prompt', 'all'] as const).map((scope) => [name, scope] as const),
    ),
  )("%s, scope %s: prefill and decode give PyTorch's logits", async (name, scope) => {
    const tiny = await openTiny(folder);
    const golden = await referenceTensors(`${folder}/${name}.${scope}.safetensors`);
    const [ids, labels] = [int64(named(golden, 'input_ids')), int64(named(golden, 'labels'))];
    const adapter = await served(tiny, name, scope);
    const own = positionsOf(adapter);
    const prefix = adapter.prefix?.shape[0] ?? 0;
    const running = await RecordingExecutor.open(tiny, { slots: 3, capacity: 40 });
    const rows = [0, 1, 2].map((row) => {
      const at = row * 11;
      const answer = labels.slice(at, at + 11).filter((label) => label !== -100);
      const first = labels.slice(at, at + 11).findIndex((label) => label !== -100);
      const tokens = [...adapter.softTokens, ...ids.slice(at, at + first)];
      return { request: row, slot: row, tokens, answer };
    });
    const prompts = rows.map(({ answer: _, ...row }) => wholePrompt({ ...row, adapter }));
    await running.run({ ...emptyStep, prefill: prefix > 0 ? prompts.map((row) => [row]) : [prompts] });
    for (let step = 0; step < 3; step++) {
      const going = rows.map(({ request, slot, tokens, answer }) => ({
        ...{ request, slot, token: answer[step]!, length: prefix + tokens.length + step, adapter },
      }));
      const adapted = adapter.adaptsAnswers;
      await running.run({ ...emptyStep, ...(adapted ? { adaptedDecode: going } : { decode: going }) });
    }
    await running.close();
    expect(own).toBe(prefix + adapter.softTokens.length);
    for (const { request, answer } of rows) {
      const wanted = floats(named(golden, `decode.${request}.logits`));
      answer.forEach((_, index) => {
        const step = wanted.subarray(index * 96, (index + 1) * 96);
        expectClose(running.logitsOf(request)[index]!, step, 1e-4, `row ${request}, token ${index}`);
      });
    }
  });
});

it('refuses an adapter whose special tokens are rows of the head, and says why', async () => {
  const tiny = await openTiny('gpt2');
  const { method, options } = (await referenceAdapter({ ...tiny, weights: new Map() }, 'special-tokens'))
    .adapter;
  const adapter = adapterFor(tiny.model, method, { ...options, special_tokens_tied: true });
  const artefact = {
    method,
    options: adapter.options,
    scope: 'prompt',
    tensors: initialise(adapter.parameters, 1),
  };
  await expect(servedAdapter(tiny.model, artefact, 'tied')).rejects.toMatchObject({
    kind: 'invalid',
    code: 'not_servable',
    message: expect.stringMatching(/rows of the head .* shares? no batch/) as string,
  });
});
