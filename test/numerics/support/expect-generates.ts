import { Engine } from '@prad/generation';
import { openBaseModel } from '@prad/models';
import { expect } from 'vitest';
import { rowsOf } from '../nn/architecture-contract.js';
import { expectClose, floats, int64, named, referenceTensors } from '../nn/reference.js';
import { RecordingExecutor } from './generation-cases.js';

const STEPS = 9;

/** Tokens and logits of the engine on an imported model are those that transformers gave for this folder. */
export async function expectGenerates(path: string, folder: string): Promise<void> {
  const model = await openBaseModel(path, folder);
  const golden = await referenceTensors(`${folder}/generate.safetensors`);
  const rows = rowsOf(golden);
  const executor = await RecordingExecutor.open({ folder, model }, { slots: rows.length, capacity: 32 });
  const noText = { endTokens: new Set<number>(), detokenizer: () => ({ push: () => '', end: () => '' }) };
  const engine = new Engine(executor, noText, { prefillTokens: 64 });
  const sampling = { temperature: 0, topK: 0, topP: 1, seed: 0 };
  const answers = await Promise.all(
    rows.map(async ({ ids }) => {
      const request = { prompt: ids, adapter: undefined, maxTokens: STEPS, sampling };
      const tokens: number[] = [];
      for await (const event of engine.submit(request))
        if (event.type === 'token') tokens.push(event.tokenId);
      return tokens;
    }),
  );
  await engine.close();
  const wanted = int64(named(golden, 'tokens'));
  expect(answers.flat()).toEqual(wanted);
  const logits = floats(named(golden, 'logits')); // [steps, rows, V]
  const width = logits.length / wanted.length;
  rows.forEach((_, row) => {
    executor.logitsOf(row).forEach((got, step) => {
      const from = (step * rows.length + row) * width;
      expectClose(got, logits.subarray(from, from + width), 1e-4, `step ${step}, row ${row}`);
    });
  });
}
