import { describe, expect, it } from 'vitest';
import { documentAt, documents } from './documents.js';
import { splitOfName } from './names.js';
import { PLACE_DETAILS, placeSentence, randomPlace } from './place.js';
import { placeParagraph } from './place-prose.js';
import { Random } from './random.js';
import { reviewText } from './reviews.js';
import { PLACE_ADJECTIVES, PLACE_NOUNS } from './words/place-words.js';

const take = (seed: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => documentAt(seed, i));

describe('documents', () => {
  it('is the same for the same seed and another for another', () => {
    const stream = documents(3);
    expect(Array.from({ length: 20 }, () => stream.next().value)).toEqual(take(3, 20));
    expect(take(4, 20)).not.toEqual(take(3, 20));
  });

  it('hardly ever repeats itself, within a seed or across seeds', () => {
    const texts = [...take(3, 5000), ...take(4, 5000)];
    expect(new Set(texts).size).toBeGreaterThan(0.995 * texts.length);
  });

  it('has no template left unfilled and no clumsy spacing', () => {
    for (const text of take(5, 3000)) {
      expect(text).not.toMatch(/[{}]|undefined| {2}|\ba [aeiou]| [.,]/);
    }
  });

  it('never shows a place name of validation or test, nor the prompt form of the tasks', () => {
    const held = PLACE_ADJECTIVES.flatMap((a) => PLACE_NOUNS.map((n) => `${a} ${n}`)).filter(
      (name) => splitOfName(name) !== 'train',
    );
    const found = new RegExp(`\\b(?:${held.join('|')})\\b|->| \\| `);
    expect(held.length).toBeGreaterThan(200);
    for (const text of take(11, 4000)) expect(text).not.toMatch(found);
  });
});

describe('placeSentence and placeParagraph', () => {
  it('tell every known detail', () => {
    const random = new Random(9);
    for (let i = 0; i < 300; i++) {
      const place = randomPlace(random, random.sample(PLACE_DETAILS, random.integer(0, 6)));
      for (const text of [placeSentence(place), placeParagraph(random, place)]) {
        for (const value of [place.name, place.kind, place.food, place.area, place.near, place.rating]) {
          expect(text).toContain(value ?? '');
        }
      }
    }
  });

  it('chooses the plan by what is known', () => {
    const place = { name: 'Red Fox', article: 'the ', kind: 'inn', price: 'expensive' } as const;
    expect(placeSentence(place)).toBe('The Red Fox is an expensive inn.');
    expect(placeSentence({ ...place, rating: 'good', family: true })).toBe(
      'With its good rating, the Red Fox is an expensive inn, and children are welcome.',
    );
    expect(placeSentence({ ...place, near: 'Old Mill', area: 'old town', family: false })).toBe(
      'Close to the Old Mill you will find the Red Fox, an expensive inn in the old town, but it is not a place for children.',
    );
  });
});

describe('reviewText', () => {
  it('never says its label', () => {
    const random = new Random(2);
    for (let i = 0; i < 500; i++) {
      const text = reviewText(random, { sentiment: i % 2 === 0 ? 'positive' : 'negative', sentences: 3 });
      expect(text).not.toMatch(/positive|negative/i);
    }
  });
});
