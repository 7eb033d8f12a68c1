import { describe, expect, it } from 'vitest';
import { packDocuments } from './pack-documents.js';
import { pretrainingBatches } from './pretraining-batches.js';

const encode = (text: string): number[] => text.split(' ').map((word) => word.length);

describe('packDocuments', () => {
  it('loses no document and ends each with the end token', () => {
    const documents = Array.from({ length: 40 }, (_, i) => Array.from({ length: 1 + (i % 7) }, () => i + 1));
    const rows = [...packDocuments(documents, { rowLength: 16, endToken: 0, openRows: 4 })];
    const found = rows
      .flatMap((row) => [...row.tokens.slice(0, row.used)].join(',').split(/(?<=(?:^|,)0)(?:,|$)/))
      .filter((text) => text !== '');
    expect(found.sort()).toEqual(documents.map((document) => [...document, 0].join(',')).sort());
    for (const row of rows) expect([...row.tokens.slice(row.used)].every((token) => token === 0)).toBe(true);
  });

  it('cuts a document that is longer than a row', () => {
    const [row] = packDocuments([[1, 2, 3, 4, 5, 6]], { rowLength: 4, endToken: 0, openRows: 4 });
    expect(row).toEqual({ tokens: Int32Array.of(1, 2, 3, 4), used: 4 });
  });
});

describe('pretrainingBatches', () => {
  const plan = { seed: 5, batchSize: 4, sequenceLength: 64, tokens: 2000, encode, endToken: 0 };

  it('gives as many batches as the tokens need, well filled and the same each time', () => {
    const batches = [...pretrainingBatches(plan)];
    expect(batches).toHaveLength(8);
    expect([...pretrainingBatches(plan)]).toEqual(batches);
    const text = batches.flatMap((batch) => [...batch.textMask]).reduce((a, b) => a + b, 0);
    expect(text / (8 * 4 * 64)).toBeGreaterThan(0.9);
  });

  it('gives other text for another seed', () => {
    const [first] = pretrainingBatches(plan);
    const [other] = pretrainingBatches({ ...plan, seed: 6 });
    expect(other?.inputIds).not.toEqual(first?.inputIds);
  });
});
