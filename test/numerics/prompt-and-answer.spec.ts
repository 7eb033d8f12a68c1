import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeExample, type TrainingExample } from '@prad/formats';
import { importBaseModel, openBaseModel, ownTokens, type BaseModel } from '@prad/models';
import { adapterFor, maskPolicy } from '@prad/nn';
import { collate, fit, type TrainingPlan } from '@prad/training';
import { afterAll, beforeAll, expect, it } from 'vitest';

const bundled = join(import.meta.dirname, '../../bundled/prad-tiny');
let folder: string;
let model: BaseModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prad-bundled-'));
  await importBaseModel(bundled, join(folder, 'model'));
  model = await openBaseModel(join(folder, 'model'), 'prad-tiny');
});

afterAll(() => rm(folder, { recursive: true }));

function exampleOf(text: string, answer: string): TrainingExample {
  return { prompt: { kind: 'text', text }, answer: { text: answer } };
}

it('prad-spec 7.24: the mask covers the prompt, labels run from the first answer token to the end token', () => {
  const { tokenizer } = model;
  const prompt = 'name[Blue Spice], eatType[coffee shop], area[city centre] ->';
  const completion = ' A coffee shop in the city centre.';
  const [promptIds, answerIds] = [prompt, completion].map((text) =>
    tokenizer.encode(text, { addSpecialTokens: false }),
  );
  const example = encodeExample(model, exampleOf(prompt, completion));
  expect(example).toEqual({
    tokens: [...promptIds!, ...answerIds!, tokenizer.eosTokenId],
    promptLength: promptIds!.length,
  });
  const short = encodeExample(model, exampleOf('name[Aromi] ->', ' Aromi.'));
  const batch = collate([example, short], maskPolicy('prompt'), model.dimensions.vocabSize);
  const width = example.tokens.length;
  const mask = [...batch.adapterMask.data];
  expect(mask.slice(0, width)).toEqual(example.tokens.map((_, t) => (t < promptIds!.length ? 1 : 0)));
  expect(mask.slice(width).filter((x) => x === 1)).toHaveLength(short.promptLength);
  const labels = [...batch.answerLabels.data].map(Number);
  const own = labels.slice(0, answerIds!.length + 1);
  expect(own).toEqual([...answerIds!, tokenizer.eosTokenId]);
  // The last prompt token predicts the first answer token.
  expect(Number(batch.answerPositions.data[0])).toBe(promptIds!.length - 1);
  expect(labels).toHaveLength(own.length + short.tokens.length - short.promptLength);
});

it('takes the earlier turns of a conversation, assistant turns too, as prompt', () => {
  const turn = (role: 'user' | 'assistant', content: string) => ({ role, content });
  const earlier = [turn('user', 'hello'), turn('assistant', 'good day'), turn('user', 'who are you?')];
  const { tokens, promptLength } = encodeExample(model, {
    prompt: { kind: 'messages', messages: earlier },
    answer: { text: 'I am Anna.' },
  });
  const prompt = model.tokenizer.decode(tokens.slice(0, promptLength), { skipSpecialTokens: false });
  expect(prompt).toBe(model.chatTemplate.render(earlier, { addGenerationPrompt: true }));
  expect(prompt).toContain('good day');
  const answer = model.tokenizer.decode(tokens.slice(promptLength), { skipSpecialTokens: true });
  expect(answer).toBe('I am Anna.');
});

it('prad-spec 7.28: an adapter that acts on the prompt alone overfits answers that the prompts do not tell', async () => {
  const rows = await readRows(join(bundled, '../tasks/places/train.jsonl'), 4);
  // Each prompt with the sentence of another row: only what the prompt leaves in the cache can tell it.
  const examples = rows.map(({ prompt }, row) =>
    encodeExample(model, exampleOf(prompt, rows[(row + 1) % rows.length]!.completion)),
  );
  const plan: Omit<TrainingPlan, 'modelFolder' | 'modelName' | 'trainingFile' | 'validationFile'> = {
    trainable: { kind: 'adapter', method: 'adapter', options: { rank: 64 }, scope: 'prompt' },
    hyperparameters: {
      ...{ epochs: 1, maxSteps: 80, batchSize: examples.length, learningRate: 0.005, warmupRatio: 0.06 },
      ...{ weightDecay: 0, maxGradNorm: 1, maxLength: 128, evaluationSteps: 0 },
    },
    seed: 1,
    workFolder: folder,
    intraOpThreads: 2,
  };
  const losses: number[] = [];
  for await (const event of fit(
    { plan, model, examples, validation: examples },
    new AbortController().signal,
  ))
    if (event.type === 'evaluation') losses.push(event.loss);
  const [frozen, trained] = [losses[0]!, losses.at(-1)!];
  expect(frozen).toBeGreaterThan(2);
  expect(trained).toBeLessThan(0.25 * frozen);
}, 180_000);

async function readRows(path: string, count: number): Promise<{ prompt: string; completion: string }[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, count);
  return lines.map((line) => JSON.parse(line) as { prompt: string; completion: string });
}

it('prad-spec 7.24: special tokens stand for themselves in prompts, with ids behind the vocabulary', () => {
  const special_tokens = ['<|start|>', '<|sep|>', '<|name|>', '<|eatType|>', '<|area|>'];
  const adapter = adapterFor(model, 'prompt', { length: 2, special_tokens });
  const own = ownTokens(model, adapter);
  const [start, sep, name, eatType, area] = special_tokens.map(
    (_, index) => model.dimensions.vocabSize + index,
  );
  const ids = (text: string): number[] => model.tokenizer.encode(text, { addSpecialTokens: false });
  const prompt = '<|start|><|name|>Blue Spice<|eatType|>coffee shop<|area|>city centre<|sep|>';
  const { tokens, promptLength } = encodeExample(model, exampleOf(prompt, ' <|sep|>'), own);
  expect(tokens).toEqual([
    ...[sep! + 4, sep! + 5],
    ...[start, name, ...ids('Blue Spice'), eatType, ...ids('coffee shop'), area, ...ids('city centre'), sep],
    // Answers are the base's own tokens, whatever they say.
    ...ids(' <|sep|>'),
    model.tokenizer.eosTokenId,
  ]);
  const [virtual, inputs] = [
    collate([{ tokens, promptLength }], maskPolicy('prompt'), model.dimensions.vocabSize),
  ].flatMap((batch) => [batch.virtualTokens.data, batch.inputIds.data]);
  tokens.forEach((id, t) => {
    const own_ = id - model.dimensions.vocabSize;
    expect(Number(virtual![t])).toBe(own_ < 0 ? 0 : own_ + 1);
    expect(Number(inputs![t])).toBe(own_ < 0 ? id : 0);
  });
});

it('ends answers with the first special token where the tokens are rows of the head', () => {
  const options = { special_tokens: ['<|end|>', '<|sep|>'], special_tokens_tied: true };
  const own = ownTokens(model, adapterFor(model, 'adapter', options));
  const example = exampleOf('a<|sep|>', 'b<|sep|>');
  const first = model.dimensions.vocabSize;
  expect(encodeExample(model, example, own).tokens.filter((id) => id >= first)).toEqual([
    first + 1,
    first + 1,
    first,
  ]);
});
