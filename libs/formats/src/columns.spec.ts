import { describe, expect, it } from 'vitest';
import { errorOf } from '../testing/outcome.js';
import { columnOf, pickColumns } from './columns.js';

describe('columns', () => {
  it('are picked by name or path, under other names', () => {
    const row = { id: 7, question: 'a', 'a.b': 'dotted', translation: { de: 'Haus', 'x.y': 1 } };
    const columns = {
      prompt: 'question',
      de: 'translation.de',
      xy: 'translation.x.y',
      ab: 'a.b',
      none: 'nope.z',
    };
    expect(pickColumns(row, columns)).toEqual({ prompt: 'a', de: 'Haus', xy: 1, ab: 'dotted' });
    expect(pickColumns({ a: { b: 1 } }, { constructor: 'a.constructor', c: 'a.b.c' })).toEqual({});
  });

  it('lie in a top-level column, or it is said which there are', async () => {
    const names = ['a', 'a.b', 'translation'];
    expect(columnOf('a.b', names)).toBe('a.b');
    expect(columnOf('translation.de', names)).toBe('translation');
    for (const source of ['translations', 'translation.', 'b']) {
      expect(await errorOf(() => columnOf(source, names))).toMatchObject({
        code: 'column_missing',
        message: `the file has no column "${source}"; it has "a", "a.b", "translation"`,
      });
    }
  });
});
