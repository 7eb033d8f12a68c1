import { inventedName, personName, splitOfName, townName } from './names.js';
import { polish } from './prose.js';
import { Random } from './random.js';
import { expand } from './template.js';
import { COINS, COLOURS, DAYS, GOODS, GROCERIES, MATERIALS } from './words/goods-words.js';
import { HOBBIES, JOBS, PETS, SURNAMES, TRAITS } from './words/people-words.js';
import {
  AREAS,
  EATING_KINDS,
  FOODS,
  PLACE_ADJECTIVES,
  PLACE_NOUNS,
  PRICES,
  RATINGS,
} from './words/place-words.js';

const WORDS: readonly string[] = [
  ...PLACE_ADJECTIVES,
  ...PLACE_NOUNS,
  ...COINS,
  ...COLOURS,
  ...DAYS,
  ...GOODS,
  ...GROCERIES,
  ...MATERIALS,
  ...HOBBIES,
  ...JOBS,
  ...PETS,
  ...SURNAMES,
  ...TRAITS,
  ...AREAS,
  ...EATING_KINDS,
  ...FOODS,
  ...PRICES,
  ...RATINGS,
];

/**
 * A game in which a string of unconnected words is said again, whole or one after the other on demand. The second
 * half can be known only from the first, so a model learns early to look back.
 */
export function parrotGame(random: Random): string {
  const words = unconnectedWords(random, random.integer(4, 14));
  const slots = { a: personName(random).first, b: personName(random).first, words: words.join(' ') };
  if (random.chance(0.7)) {
    return polish(
      expand(
        random,
        '[{a} says: {words}. {b} says: {words}.|the parrot game. {words}. Again: {words}.|{a} called "{words}" and the parrot called "{words}"|{words}\n{words}]',
        slots,
      ),
    );
  }
  const asked = random.sample([...words.keys()].slice(1), random.integer(2, 4));
  const turns = asked.map((at) => `after ${words[at - 1] ?? ''} comes ${words[at] ?? ''}.`);
  return polish(`${expand(random, '{a} says: {words}.', slots)} ${turns.join(' ')}`);
}

/** Neighbours never make up a place name that belongs to validation or test. */
function unconnectedWords(random: Random, count: number): string[] {
  const words: string[] = [];
  while (words.length < count) {
    const word = anyWord(random);
    if (splitOfName(`${words.at(-1) ?? ''} ${word}`) === 'train') words.push(word);
  }
  return words;
}

function anyWord(random: Random): string {
  const roll = random.next();
  if (roll < 0.08) return inventedName(random);
  return roll < 0.12 ? townName(random) : random.pick(WORDS);
}
