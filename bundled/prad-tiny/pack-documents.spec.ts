import { describe, expect, it } from 'vitest';
import { documentAt } from '../world/documents.js';
import { packDocuments } from './pack-documents.js';

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

  it('fills rows well with the documents of the world', () => {
    const documents = Array.from({ length: 2000 }, (_, i) =>
      documentAt(5, i)
        .split(' ')
        .map(() => 1),
    );
    const rows = [...packDocuments(documents, { rowLength: 64, endToken: 0, openRows: 64 })];
    const used = rows.reduce((sum, row) => sum + row.used, 0);
    expect(used / (rows.length * 64)).toBeGreaterThan(0.9);
  });

  it('cuts a document that is longer than a row', () => {
    const [row] = packDocuments([[1, 2, 3, 4, 5, 6]], { rowLength: 4, endToken: 0, openRows: 4 });
    expect(row).toEqual({ tokens: Int32Array.of(1, 2, 3, 4), used: 4 });
  });
});
