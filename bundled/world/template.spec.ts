import { describe, expect, it } from 'vitest';
import { Random } from './random.js';
import { polish } from './prose.js';
import { expand } from './template.js';

describe('expand', () => {
  it('fills slots and takes one of nested alternatives', () => {
    const seen = new Set<string>();
    const random = new Random(1);
    for (let i = 0; i < 100; i++) seen.add(expand(random, '{who} [sat|lay [here|there]|]', { who: 'Ada' }));
    expect([...seen].sort()).toEqual(['Ada ', 'Ada lay here', 'Ada lay there', 'Ada sat']);
  });

  it('refuses unknown slots and open brackets', () => {
    expect(() => expand(new Random(1), '{who}')).toThrow(/no value for \{who\}/);
    expect(() => expand(new Random(1), '[a|b')).toThrow(/not closed/);
    expect(() => expand(new Random(1), 'a]b')).not.toThrow();
    expect(() => expand(new Random(1), '{a')).toThrow(/not closed/);
  });
});

describe('polish', () => {
  it('capitalises sentences, mends articles and drops stray spaces', () => {
    expect(polish('there is a inn . it was a old one! yes')).toBe('There is an inn. It was an old one! Yes');
  });
});
