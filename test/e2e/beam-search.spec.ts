import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Completion, EvaluationObject } from '@prad/contracts';
import { encodePrompt } from '@prad/formats';
import { Engine, OnnxExecutor, textRules, type BeamOptions, type FoundAnswer } from '@prad/generation';
import { openBaseModel } from '@prad/models';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import { Cluster } from './support/cluster.js';
import { MODEL } from './support/training-run.js';

const root = join(import.meta.dirname, '../..');
const cli = join(root, 'dist/apps/cli/src/main.js');
const MOST_TOKENS = 12;
const PROMPTS = ['The room was ->', 'My uncle and I spent seven nights'];

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.startWorker({ WORKER_ROLES: 'generate,import,evaluate', MAX_NUM_SEQS: '5' });
  await importModel(cluster.client, { source: join(root, 'bundled/prad-tiny'), name: MODEL });
});

afterAll(() => cluster.stop());

/** What the library answers to a prompt alone. */
async function search(text: string, beams: BeamOptions): Promise<readonly FoundAnswer[]> {
  const { blobKey } = await cluster.database.baseModels.getReady(MODEL);
  const model = await openBaseModel(join(cluster.dataFolder, 'blobs', blobKey), MODEL);
  const executor = await OnnxExecutor.open(model, { slots: beams.numBeams, capacity: 64, intraOpThreads: 1 });
  const engine = new Engine(executor, textRules(model), { prefillTokens: 64 });
  const sampling = { temperature: 0, topK: 0, topP: 1, seed: 0 };
  const prompt = encodePrompt(model, { kind: 'text', text });
  const found: FoundAnswer[] = [];
  for await (const event of engine.submit({ prompt, maxTokens: MOST_TOKENS, sampling, beams }))
    if (event.type === 'found') found.push(...event.answers);
  await engine.close();
  return found;
}

const complete = (body: object): Promise<Completion> =>
  cluster.client.complete({ model: MODEL, prompt: PROMPTS, max_tokens: MOST_TOKENS, ...body });

const said = ({ choices }: Completion) =>
  choices.map(({ text, finish_reason: reason }) => ({ text, reason }));

it("gives the library's own answers, best first, for each prompt, in one batch with others", async () => {
  const beams = { numBeams: 3, lengthPenalty: 0.5, earlyStopping: false, numReturnSequences: 2 } as const;
  const found = await Promise.all(PROMPTS.map((prompt) => search(prompt, beams)));
  expect(found.map((answers) => answers.length)).toEqual([2, 2]);
  const asked = [
    { num_beams: 3, n: 2, length_penalty: 0.5 },
    { temperature: 0 },
    { temperature: 1, seed: 11 },
    { num_beams: 4, early_stopping: 'never' as const },
  ];
  const alone = [];
  for (const body of asked) alone.push(said(await complete(body)));
  expect(alone[0]).toEqual(found.flat().map(({ text, reason }) => ({ text, reason })));
  const together = await Promise.all(asked.map((body) => complete(body)));
  expect(together.map(said)).toEqual(alone);
  const [{ usage } = { usage: undefined }] = together;
  expect(usage?.completion_tokens).toBe(found.flat().reduce((sum, { tokens }) => sum + tokens.length, 0));
});

it('tells a stream all text at the end, and refuses what a worker has no room for', async () => {
  const body = { model: MODEL, prompt: PROMPTS[0]!, max_tokens: MOST_TOKENS, num_beams: 3, n: 3 };
  const [whole, texts] = [await cluster.client.complete(body), ['', '', '']];
  let chunks = 0;
  for await (const { choices } of cluster.client.streamCompletion(body)) {
    for (const { index, text } of choices) {
      if (text !== '') chunks++;
      texts[index] = `${texts[index]}${text}`;
    }
  }
  expect(texts).toEqual(said(whole).map(({ text }) => text));
  expect(chunks).toBeLessThanOrEqual(3);
  await expect(cluster.client.complete({ ...body, num_beams: 6 })).rejects.toThrow(
    /num_beams 6 takes as many sequences at a time; the engine has 5/,
  );
});

it('scores answers of a beam search', async () => {
  const file = join(cluster.dataFolder, 'rows.jsonl');
  const rows = PROMPTS.map((prompt) => JSON.stringify({ prompt, completion: ' good' }));
  await writeFile(file, `${rows.join('\n')}\n`);
  const env = { ...cluster.workerEnvironment, PRAD_API_URL: cluster.client.url, NO_COLOR: '1' };
  const prad = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, [cli, ...args], { env })).stdout;
  const size = [
    '--model',
    MODEL,
    '--max-tokens',
    String(MOST_TOKENS),
    '--beams',
    '3',
    '--length-penalty',
    '2',
  ];
  const evaluation = JSON.parse(
    await prad('eval', ...size, '--early-stopping', 'never', '--file', file, '--metrics', 'bleu', '--json'),
  ) as EvaluationObject;
  expect(evaluation).toMatchObject({ num_beams: 3, length_penalty: 2, early_stopping: 'never' });
  const response = await fetch(`${cluster.client.url}/v1/evaluations/${evaluation.id}/predictions`);
  const predictions = (await response.text()).trim().split('\n');
  const texts = predictions.map(
    (line) => (JSON.parse(line) as { predictions: { text: string }[] }).predictions[0]?.text,
  );
  const beams = { num_beams: 3, length_penalty: 2, early_stopping: 'never' as const };
  expect(texts).toEqual(said(await complete(beams)).map(({ text }) => text.trim()));
  const written = await prad('generate', PROMPTS[0]!, ...size, '--early-stopping', 'never');
  expect(written.trim()).toBe(texts[0]);
});
