import { personName, townName } from './names.js';
import { polish } from './prose.js';
import { Random } from './random.js';
import { expand, type Slots } from './template.js';
import { ADJECTIVES, COINS, COLOURS, GOODS, MATERIALS, SEASONS } from './words/goods-words.js';

/** A thing that is made and sold. */
export interface Good {
  readonly good: string;
  readonly material: string;
  readonly colour: string;
  readonly quality: string;
  readonly coins: string;
  readonly first: string;
  readonly last: string;
  readonly town: string;
}

export function randomGood(random: Random): Good {
  const { first, last } = personName(random);
  return {
    good: random.pick(GOODS),
    material: random.pick(MATERIALS),
    colour: random.pick(COLOURS),
    quality: random.pick(ADJECTIVES),
    coins: random.pick(COINS),
    first,
    last,
    town: townName(random),
  };
}

export function goodSlots(random: Random, good: Good): Slots {
  return { ...good, season: random.pick(SEASONS), other: random.pick(COLOURS) };
}

const OPENINGS = [
  'this {good} is made of {material}',
  'the {colour} {good} [in the window|on the table|by the door] is made of {material}',
  '{first} {last} of {town} makes a {quality} {colour} {good} of {material}',
  'for sale: a {quality} {colour} {good} of {material}',
  'in {season} {first} {last} [sold|finished] a {colour} {good} made of {material}',
];

const FOLLOWING = [
  '[it|the {good}] costs {coins} coins',
  '{first} {last} [asks|wants] {coins} coins for the {good}',
  '[it|the {good}] is {quality} and [will last for years|feels good in the hand|does its work well]',
  '[it|the {good}] was made in {town} by {first} {last}',
  'you can [have|order] the {good} in {colour} or {other}',
  '{first} uses only {material} from {town}',
  'the {material} [comes from {town}|is {quality} and clean|was cut last {season}]',
  'people in {town} [say|know] that a {good} of {material} is [better|worth the money]',
  'in {season} the same {good} costs less than {coins} coins',
];

export function goodParagraph(random: Random, good: Good): string {
  const slots = goodSlots(random, good);
  const forms = [random.pick(OPENINGS), ...random.sample(FOLLOWING, random.integer(2, 4))];
  return polish(forms.map((form) => `${expand(random, form, slots)}.`).join(' '));
}

export function goodPairs(random: Random, good: Good): [string, string][] {
  return [
    [random.pick(['thing', 'item', 'ware']), good.good],
    [random.pick(['made of', 'material', 'stuff']), good.material],
    ['colour', good.colour],
    [random.pick(['price', 'coins', 'cost']), good.coins],
    [random.pick(['maker', 'made by', 'from']), `${good.first} ${good.last}`],
  ];
}

/** Prose that tells just the facts that `goodPairs` lists. */
export function goodSummary(random: Random, good: Good): string {
  return polish(
    expand(
      random,
      'the {colour} {good} is made of {material}[. It|, and it|. The {good}] costs {coins} coins. [{first} {last} made it|it was made by {first} {last}|the maker is {first} {last}].',
      goodSlots(random, good),
    ),
  );
}
