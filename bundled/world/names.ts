import { hashText, Random } from './random.js';
import {
  MEN,
  NAME_CLOSINGS,
  NAME_SYLLABLES,
  SURNAMES,
  TOWN_ENDS,
  TOWN_STARTS,
  WOMEN,
} from './words/people-words.js';
import { PLACE_ADJECTIVES, PLACE_NOUNS } from './words/place-words.js';

/** Which part of the data a place name may appear in. Names are dealt out by hash, so no name is in two. */
export type NameSplit = 'train' | 'validation' | 'test';

/** A place's name and the article that goes before it in a sentence. */
export interface PlaceName {
  readonly name: string;
  readonly article: '' | 'the ';
}

/** Seven of eight names belong to training, the rest in equal parts to validation and test. */
export function splitOfName(name: string): NameSplit {
  const slot = hashText(name) % 16;
  if (slot === 0) return 'validation';
  return slot === 1 ? 'test' : 'train';
}

/** A name such as "Silver Lantern", out of the given split. */
export function pairName(random: Random, split: NameSplit): string {
  for (;;) {
    const name = `${random.pick(PLACE_ADJECTIVES)} ${random.pick(PLACE_NOUNS)}`;
    if (splitOfName(name) === split) return name;
  }
}

/** A place name of any sort that pretraining may show: known words, owners, or invented syllables. */
export function placeName(random: Random): PlaceName {
  const roll = random.next();
  if (roll < 0.55) return { name: pairName(random, 'train'), article: 'the ' };
  if (roll < 0.67) {
    const [first = '', second = ''] = random.sample(PLACE_NOUNS, 2);
    return { name: `${first} and ${second}`, article: 'the ' };
  }
  if (roll < 0.79)
    return {
      name: `${random.pick(['Cafe', 'Hotel', 'Villa', 'Casa'])} ${inventedName(random)}`,
      article: '',
    };
  if (roll < 0.9) return { name: `${inventedName(random)} ${random.pick(PLACE_NOUNS)}`, article: 'the ' };
  const owner = random.chance(0.5) ? random.pick(random.chance(0.5) ? WOMEN : MEN) : inventedName(random);
  return {
    name: `${owner}'s ${random.pick(['Kitchen', 'Table', 'Corner', 'House', 'Garden'])}`,
    article: '',
  };
}

/** A name of two or three syllables that no list holds, so that it can only be copied from its context. */
export function inventedName(random: Random): string {
  let name = '';
  for (let i = random.integer(2, 3); i > 0; i--) name += random.pick(NAME_SYLLABLES);
  if (random.chance(0.4)) name += random.pick(NAME_CLOSINGS);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

export function townName(random: Random): string {
  return random.pick(TOWN_STARTS) + random.pick(TOWN_ENDS);
}

export interface PersonName {
  readonly first: string;
  readonly last: string;
  readonly woman: boolean;
}

export function personName(random: Random): PersonName {
  const woman = random.chance(0.5);
  const first = random.chance(0.85) ? random.pick(woman ? WOMEN : MEN) : inventedName(random);
  return { first, last: random.chance(0.7) ? random.pick(SURNAMES) : inventedName(random), woman };
}
