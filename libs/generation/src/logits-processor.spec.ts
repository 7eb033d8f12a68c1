import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LogitsProcessor, type LogitsRules } from './logits-processor.js';
import { sample, type Sampling } from './sampling.js';

interface Golden {
  readonly endTokens: readonly number[];
  readonly cases: readonly {
    readonly rules: LogitsRules;
    readonly sampling: Pick<Sampling, 'temperature' | 'topK' | 'topP' | 'minP'>;
    readonly prompt: readonly number[];
    readonly answer: readonly number[];
    readonly logits: readonly number[];
    /** Null stands for minus infinity. */
    readonly processed: readonly (number | null)[];
    readonly probabilities: readonly number[];
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../../test/reference/logits-processors.json', import.meta.url), 'utf8'),
) as Golden;
const ends = new Set(golden.endTokens);

function processorOf(rules: LogitsRules, prompt: readonly number[], answer: readonly number[]) {
  const processor = LogitsProcessor.for(rules, prompt, ends);
  for (const token of answer) processor?.accept(token);
  return processor;
}

describe('LogitsProcessor', () => {
  it.each(golden.cases)("gives transformers' logits: $rules", ({ rules, prompt, answer, ...values }) => {
    const logits = Float32Array.from(values.logits);
    const processed = processorOf(rules, prompt, answer)?.process(logits);
    expect(processed).toHaveLength(logits.length);
    values.processed.forEach((expected, id) => {
      if (expected === null) expect(processed?.[id]).toBe(Number.NEGATIVE_INFINITY);
      else expect(processed?.[id]).toBeCloseTo(expected, 5);
    });
    expect(Array.from(logits)).toEqual(values.logits);
  });

  it.each(golden.cases)(
    "leaves what transformers' warpers draw from: $sampling after $rules",
    ({ processed, sampling, probabilities }) => {
      const logits = Float32Array.from(processed, (value) => value ?? Number.NEGATIVE_INFINITY);
      const draws = 20_000;
      const counts = probabilities.map(() => 0);
      for (let index = 0; index < draws; index++)
        counts[sample(logits, { ...sampling, seed: 3 }, { index })]!++;
      let statistic = 0;
      probabilities.forEach((probability, id) => {
        if (probability === 0) expect(counts[id]).toBe(0);
        else statistic += (counts[id]! - draws * probability) ** 2 / (draws * probability);
      });
      // 0.99999 quantile of chi-square with 23 degrees of freedom; fewer classes need less.
      expect(statistic).toBeLessThan(63);
    },
  );

  it('is absent where the rules ask for nothing', () => {
    const nothing = { logitBias: {}, repetitionPenalty: 1, frequencyPenalty: 0, presencePenalty: 0 };
    expect(LogitsProcessor.for({ ...nothing, minTokens: 0 }, [1, 2], ends)).toBeUndefined();
    expect(LogitsProcessor.for({}, [1, 2], ends)).toBeUndefined();
  });

  it("passes over ids behind the vocabulary: an adapter's own tokens, or a mistaken bias", () => {
    const logits = Float32Array.of(1, 2, 3);
    const rules = { repetitionPenalty: 2, logitBias: { 9: 50 } };
    expect(Array.from(processorOf(rules, [1, 7], [])!.process(logits))).toEqual([1, 1, 3]);
  });
});
