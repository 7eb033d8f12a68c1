import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../strict-json.js';
import { Tokenizer } from '../tokenizer/tokenizer.js';
import { splittings } from './pre-tokenizers.js';

interface Reference {
  readonly model: JsonObject;
  readonly cases: readonly string[];
  readonly ids: Readonly<Record<string, readonly number[][]>>;
}

const path = `${import.meta.dirname}/../../../../test/reference/tokenizer/pre-tokenizers.json`;
const reference = JSON.parse(await readFile(path, 'utf8')) as Reference;

describe('splittings', () => {
  it('has reference ids for every name', () => {
    expect([...splittings.keys()].sort()).toEqual(Object.keys(reference.ids).sort());
    expect(reference.cases.length).toBeGreaterThan(50);
  });

  it.each([...splittings])('cuts as the reference library: %s', (name, splitting) => {
    const tokenizer = Tokenizer.fromJson({
      normalizer: splitting.normalizer ?? null,
      pre_tokenizer: splitting.preTokenizer,
      decoder: { type: 'ByteLevel' },
      model: { ...reference.model, ignore_merges: splitting.ignoreMerges ?? false },
    });
    reference.cases.forEach((text, index) => {
      expect(tokenizer.encode(text), text).toEqual(reference.ids[name]?.[index]);
      const normal = splitting.normalizer === undefined ? text : text.normalize('NFC');
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(normal);
    });
  });
});
