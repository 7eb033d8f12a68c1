import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  emptyStep,
  OnnxExecutor,
  wholePrompt,
  type DecodeWeights,
  type PrefillWeights,
} from '@prad/generation';
import { importBaseModel, openBaseModel, type BaseModel } from '@prad/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const file = join(import.meta.dirname, '../../.cache/SmolLM2-135M-Instruct.Q4_1.gguf');
const missing = !existsSync(file);
if (missing) console.warn(`skipped: ${file} is not there (see test/reference/README.md)`);

/** Parts of the text that are read at once, each from its own beginning. */
const ROWS = 4;

/** -log of the probability of `token`. */
function surprise(logits: Float32Array, token: number): number {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const sum = logits.reduce((all, logit) => all + Math.exp(logit - largest), 0);
  return largest + Math.log(sum) - logits[token]!;
}

describe.skipIf(missing)('SmolLM2-135M decoding with fewer bits', () => {
  let folder: string;
  let model: BaseModel;
  /** Equal parts of the text's tokens. */
  let rows: number[][];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'prad-smollm2-'));
    await importBaseModel(file, join(folder, 'model'), { quantise: ['q4', 'q8', 'w8a8'] });
    model = await openBaseModel(join(folder, 'model'), 'smollm2');
    const text = readFileSync(join(import.meta.dirname, 'perplexity-text.txt'), 'utf8');
    const ids = model.tokenizer.encode(text, { addSpecialTokens: false });
    const length = Math.floor(ids.length / ROWS);
    rows = Array.from({ length: ROWS }, (_, row) => ids.slice(row * length, (row + 1) * length));
  }, 300_000);

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  /** The perplexity of the rows' tokens but the first two, read one decode step after another. */
  async function perplexity(
    decodeWeights: DecodeWeights,
    prefillWeights: PrefillWeights = 'f32',
  ): Promise<number> {
    const length = rows[0]!.length;
    const options = { slots: ROWS, capacity: length, intraOpThreads: 2, decodeWeights, prefillWeights };
    const executor = await OnnxExecutor.open(model, options);
    const first = rows.map(([token], slot) =>
      wholePrompt({ request: slot, slot, tokens: [token!], adapter: undefined }),
    );
    await executor.run({ ...emptyStep, prefill: [first] });
    let total = 0;
    for (let at = 1; at < length - 1; at++) {
      const decode = rows.map((row, slot) => ({ request: slot, slot, token: row[at]!, length: at }));
      const logits = await executor.run({ ...emptyStep, decode });
      rows.forEach((row, slot) => (total += surprise(logits.get(slot)!.values, row[at + 1]!)));
    }
    await executor.close();
    return Math.exp(total / (ROWS * (length - 2)));
  }

  it('keeps the perplexity of a text within 2 % in 8 bits, 12 % in 4 bits and 8 % in w8a8', async () => {
    const exact = await perplexity('f32');
    const [eight, four] = [(await perplexity('q8')) / exact, (await perplexity('q4')) / exact];
    const lean = (await perplexity('q4', 'decode')) / exact;
    const whole = (await perplexity('w8a8', 'decode')) / exact;
    const percent = (ratio: number): string => `${((ratio - 1) * 100).toFixed(2)} %`;
    console.log(
      `perplexity ${exact.toFixed(3)}; 8 bits ${percent(eight)}, 4 bits ${percent(four)}, embeddings too ${percent(lean)}, w8a8 ${percent(whole)} more`,
    );
    expect(eight).toBeLessThan(1.02);
    expect(four).toBeLessThan(1.12);
    // Copies that change nothing would not have been used.
    expect(eight).not.toBe(1);
    expect(four).toBeGreaterThan(eight);
    expect(lean).toBeLessThan(1.12);
    expect(lean).not.toBe(four);
    expect(whole).toBeLessThan(1.08);
    expect(whole).toBeGreaterThan(eight);
  }, 300_000);

  it('makes copies of less than a third and a quarter of the size, embedding rows of w8a8 included', async () => {
    const size = async (name: string): Promise<number> => (await stat(join(model.folder, name))).size;
    const whole = await size('model.safetensors');
    const parts = [
      (await size('model.q8.safetensors')) / whole,
      (await size('model.q4.safetensors')) / whole,
      (await size('model.w8a8.safetensors')) / whole,
    ];
    console.log(
      `of the float32 file: 8 bits ${parts[0]!.toFixed(3)}, 4 bits ${parts[1]!.toFixed(3)}, w8a8 ${parts[2]!.toFixed(3)}`,
    );
    expect(parts[0]).toBeLessThan(0.29);
    expect(parts[1]).toBeLessThan(0.23);
    expect(parts[2]).toBeLessThan(0.31);
  });
});
