import { inventedName, personName, townName, type PersonName } from './names.js';
import { polish } from './prose.js';
import { Random } from './random.js';
import { expand, type Slots } from './template.js';
import { HOBBIES, JOBS, PETS, RELATIVES, TRAITS } from './words/people-words.js';

/** A person and what the world knows about them. */
export interface Person extends PersonName {
  readonly job: string;
  readonly town: string;
  readonly hobby: string;
  readonly trait: string;
  readonly age: string;
  readonly pet: string;
  readonly petName: string;
}

export function randomPerson(random: Random): Person {
  return {
    ...personName(random),
    job: random.pick(JOBS),
    town: townName(random),
    hobby: random.pick(HOBBIES),
    trait: random.pick(TRAITS),
    age: random.pick(['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty']),
    pet: random.pick(PETS),
    petName: random.chance(0.4)
      ? inventedName(random)
      : random.pick(['Rex', 'Misty', 'Pepper', 'Biscuit', 'Shadow', 'Ginger', 'Button']),
  };
}

export function personSlots(random: Random, person: Person): Slots {
  const { first, last, woman, ...facts } = person;
  return {
    ...facts,
    first,
    last,
    he: woman ? 'she' : 'he',
    his: woman ? 'her' : 'his',
    him: woman ? 'her' : 'him',
    relative: random.pick(RELATIVES),
  };
}

const OPENINGS = [
  '{first} {last} is a {job} [in|from] {town}',
  '[in {town} there lives|I know] a {job} called {first} {last}',
  '{first} {last} works as a {job} in {town}',
  'my {relative} {first} {last} is a {job} and lives in {town}',
  '{first} {last}, the {job} of {town}, is a {trait} [person|soul]',
];

const FOLLOWING = [
  '{first} is [about|nearly|over] {age} years old',
  '[after work|on Sundays|in the evening|when the work is done] {first} [likes|loves] {hobby}',
  '{his} [great love|favourite pastime] is {hobby}',
  '[everyone in {town} says|the neighbours say|{his} {relative} will tell you] that {first} is {trait}',
  '{he} has a {pet} [called|named] {petName}, and {petName} [goes everywhere with {him}|sleeps by the fire|barks at nobody|is old and fat]',
  '{first} has been a {job} for {age} years',
  '{he} was born in {town} and [never left|came back to {town} last year]',
  'a good {job} must be {trait}, {first} says',
  '[the {job}|{first}] and {his} {relative} share a [small|large|blue|white] house [by the river|near the church|at the end of the road] in {town}',
];

export function personParagraph(random: Random, person: Person): string {
  const slots = personSlots(random, person);
  const forms = [random.pick(OPENINGS), ...random.sample(FOLLOWING, random.integer(2, 4))];
  return polish(forms.map((form) => `${expand(random, form, slots)}.`).join(' '));
}

export function personPairs(random: Random, person: Person): [string, string][] {
  const pairs: [string, string][] = [
    ['name', `${person.first} ${person.last}`],
    [random.pick(['work', 'job', 'trade']), person.job],
    [random.pick(['home', 'town', 'from']), person.town],
    [random.pick(['likes', 'love', 'hobby']), person.hobby],
    [random.pick(['said to be', 'manner']), person.trait],
  ];
  return pairs.slice(0, random.integer(3, 5));
}

const PAIR_OPENINGS = [
  '{first} {last} is a {job} [in|from] {town}',
  '{first} {last} works as a {job} in {town}',
  'the {job} {first} {last} lives in {town}',
];

/** Prose that tells just the facts that `personPairs` may list, in the same order. */
export function personSummary(random: Random, person: Person, count: number): string {
  const slots = personSlots(random, person);
  const forms = [
    random.pick(PAIR_OPENINGS),
    '[after work|on Sundays|in the evening] {first} [likes|loves] {hobby}',
    '[people say that {first} is {trait}|{he} is {trait}]',
  ];
  return polish(
    forms
      .slice(0, Math.max(1, count - 2))
      .map((form) => `${expand(random, form, slots)}.`)
      .join(' '),
  );
}
