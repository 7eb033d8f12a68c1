import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { emptyStep, wholePrompt } from '@prad/generation';
import { importBaseModel, openBaseModel, type BaseModel } from '@prad/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floats, named, referenceJson, referenceTensors } from './nn/reference.js';
import { RecordingExecutor } from './support/generation-cases.js';

interface Top {
  readonly ids: readonly number[];
  readonly logits: readonly number[];
}

interface Golden {
  readonly file: string;
  readonly sha256: string;
  readonly prompts: readonly {
    readonly text: string;
    readonly input_ids: readonly number[];
    readonly prefill: Top;
    /** Greedy; the first from the prefill. */
    readonly tokens: readonly number[];
    readonly decode: readonly Top[];
    readonly continuation: string;
  }[];
}

/** Largest difference of a logit from transformers on the same dequantised weights; 4e-5 is measured. */
const TOLERANCE = 1e-3;

const golden = referenceJson('smollm2/golden.json') as Golden;
const file = join(import.meta.dirname, '../../.cache', golden.file);
const missing = !existsSync(file);
if (missing) console.warn(`skipped: ${file} is not there (see test/reference/README.md)`);

function largestGap(logits: Float32Array, { ids, logits: expected }: Top): number {
  return Math.max(...ids.map((id, i) => Math.abs(logits[id]! - expected[i]!)));
}

describe.skipIf(missing)('SmolLM2-135M-Instruct from its GGUF file', () => {
  let folder: string;
  let model: BaseModel;
  let executor: RecordingExecutor;

  beforeAll(async () => {
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    expect(hash.digest('hex'), 'the file that the reference was made from').toBe(golden.sha256);
    folder = await mkdtemp(join(tmpdir(), 'prad-smollm2-'));
    await importBaseModel(file, join(folder, 'model'));
    model = await openBaseModel(join(folder, 'model'), 'smollm2');
    executor = await RecordingExecutor.open(
      { folder, model },
      { slots: golden.prompts.length, capacity: 64 },
    );
  }, 300_000);

  afterAll(async () => {
    await executor.close();
    await rm(folder, { recursive: true });
  });

  it("reads the prompts as transformers' tokenizer does", () => {
    for (const { text, input_ids } of golden.prompts)
      expect(model.tokenizer.encode(text, { addSpecialTokens: false }), text).toEqual(input_ids);
  });

  it("gives transformers' logits and greedy text, all prompts in one batch", async () => {
    const rows = golden.prompts.map((prompt, request) => ({ ...prompt, request, slot: request }));
    await executor.run({
      ...emptyStep,
      prefill: [
        rows.map(({ request, slot, input_ids: tokens }) =>
          wholePrompt({ request, slot, tokens, adapter: undefined }),
        ),
      ],
    });
    for (let step = 0; step < 8; step++) {
      const decode = rows.map(({ request, slot, input_ids, tokens }) => ({
        ...{ request, slot, token: tokens[step]!, length: input_ids.length + step },
      }));
      await executor.run({ ...emptyStep, decode });
    }
    const gaps = rows.flatMap(({ request, prefill, decode }) => {
      const logits = executor.logitsOf(request);
      return [prefill, ...decode].map((top, step) => largestGap(logits[step]!, top));
    });
    const whole = floats(named(await referenceTensors('smollm2/logits.safetensors'), 'logits'));
    const first = executor.logitsOf(0)[0]!;
    gaps.push(whole.reduce((gap, value, id) => Math.max(gap, Math.abs(value - first[id]!)), 0));
    console.log(`SmolLM2: largest difference of a logit ${Math.max(...gaps).toExponential(1)}`);
    expect(Math.max(...gaps)).toBeLessThan(TOLERANCE);
    for (const { request, tokens, continuation } of rows) {
      const chosen = executor
        .logitsOf(request)
        .map((logits) => logits.indexOf(logits.reduce((a, b) => Math.max(a, b))));
      expect(chosen).toEqual(tokens);
      expect(model.tokenizer.decode(chosen.slice(0, 8), { skipSpecialTokens: false })).toBe(continuation);
    }
    expect(golden.prompts[0]!.continuation).toContain('Paris');
  });
});
