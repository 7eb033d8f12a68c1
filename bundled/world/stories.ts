import { joinWords, polish } from './prose.js';
import { placeName } from './names.js';
import { personSlots, randomPerson } from './people.js';
import { randomPlace, type PlaceFacts } from './place.js';
import { Random } from './random.js';
import { expand, type Slots } from './template.js';
import { COLOURS, DAYS, GOODS, GROCERIES, SEASONS, WEATHER } from './words/goods-words.js';
import { AREAS, EVENTS, FEATURES } from './words/place-words.js';

function sceneSlots(random: Random): Slots {
  const hero = randomPerson(random);
  const friend = randomPerson(random);
  const place = placeName(random);
  return {
    ...personSlots(random, hero),
    friend: friend.first,
    friendJob: friend.job,
    place: place.article + place.name,
    good: random.pick(GOODS),
    colour: random.pick(COLOURS),
    day: random.pick(DAYS),
    season: random.pick(SEASONS),
    weather: random.pick(WEATHER),
    feature: random.pick(FEATURES),
    event: random.pick(EVENTS),
    area: random.pick(AREAS),
    wares: joinWords(random.sample(GROCERIES, random.integer(2, 3))),
  };
}

function tell(random: Random, forms: readonly string[], slots: Slots): string {
  return polish(forms.map((form) => expand(random, form, slots)).join(' '));
}

const STORY_STARTS = [
  '{weather} when {first} [left the house|came to {place}|opened the door|set out from {town}].',
  'One {season} morning {first} [lost|found|bought] a {colour} {good} [in {town}|near {place}|on the road].',
  'Once there was a {trait} {job} called {first}, who lived in {town}.',
  '{first} the {job} had a {pet} called {petName}. {weather}, and {petName} was gone.',
];

const STORY_MIDDLES = [
  '{first} [asked|went to ask] {friend} the {friendJob} for help.',
  '"Have you seen my [{pet}|{good}]?" asked {first}. "{yes}," said {friend}.',
  'On the way {he} met {friend}, who carried {wares}.',
  'At {place} there was {event}, and {first} stayed until [midnight|the end|the candles were out].',
  '{place} had {feature}, and {first} sat down there with {friend}.',
  '{friend} gave {first} {wares} and asked for nothing.',
  '{he} walked from {place} to the {area} and thought of {friend}.',
  '{first} was {trait}, but {friend} was not.',
];

const STORY_ENDS = [
  'In the end {first} and {friend} [became friends|went home together|laughed about it].',
  'That evening {first} [slept well|told the story to {his} {relative}|went back to {place}].',
  'Since that day {first} [goes to {place} every {day}|never leaves {town} without {friend}|keeps the {good} by the door].',
  'And {petName} the {pet} [was asleep under the table|had been at {place} all the time|came home by itself].',
];

export function story(random: Random): string {
  const slots = {
    ...sceneSlots(random),
    yes: random.pick(['Yes, at the market', 'No, not today', 'Ask at the bakery']),
  };
  const middles = random.sample(STORY_MIDDLES, random.integer(1, 3));
  return tell(random, [random.pick(STORY_STARTS), ...middles, random.pick(STORY_ENDS)], slots);
}

const LETTER_BODIES = [
  'thank you for the {colour} {good}. It stands by the window and I think of you every day.',
  'I am [now in|back from] {town}. {weather} all week, and I [read|slept] a lot.',
  'on {day} we were at {place}. There was {event}, and {friend} [sang|danced|slept in a chair].',
  'could you bring {wares} when you come on {day}? We have no more in the house.',
  'our {pet} {petName} is [well|ill|fat and happy]. {petName} sends greetings.',
  '{friend} the {friendJob} asks about you. I told {friend} that you are [well|in {town}|busy].',
  'come and see us in {season}. We can walk to {place}, which has {feature}.',
];

export function letter(random: Random): string {
  const slots = sceneSlots(random);
  const bodies = random
    .sample(LETTER_BODIES, random.integer(1, 3))
    .map((body) => polish(expand(random, body, slots)));
  return expand(
    random,
    `[Dear|My dear|Hello] {friend},\n${bodies.join(' ')}\n[Yours|With love|Your friend|Greetings from {town}],\n{first}`,
    slots,
  );
}

/** Shopping lists, programmes and lists of who does what, most of them followed by a sentence on the same. */
export function list(random: Random): string {
  const slots = sceneSlots(random);
  if (random.chance(0.4)) {
    const wares = random.sample(GROCERIES, random.integer(3, 6));
    const after = expand(random, '\n{first} needs {all} for {place}.', { ...slots, all: joinWords(wares) });
    return (
      expand(random, '[To buy|Shopping list|For the market on {day}]:\n', slots) +
      wares.map((w) => `- ${w}`).join('\n') +
      (random.chance(0.7) ? after : '')
    );
  }
  const people = Array.from({ length: random.integer(2, 4) }, () => randomPerson(random));
  const lines = people.map((p) => `${p.first} ${p.last}, ${p.job}`).join('\n');
  const asked = random.pick(people);
  const after = random.pick([
    `${asked.first} ${asked.last} is the ${asked.job}.`,
    `The ${asked.job} is called ${asked.first} ${asked.last}.`,
    ...people.slice(-1).map((p) => `The last on the list is ${p.first} the ${p.job}.`),
  ]);
  return `${expand(random, '[People of {town}|Guests at {place}|The team]', slots)}:\n${lines}\n${after}`;
}

/** Questions and answers about one place, each answer to be found in what was said before. */
export function placeTalk(random: Random): { facts: PlaceFacts; turns: [string, string][] } {
  const facts = randomPlace(random, ['food', 'price', 'area', 'rating', 'near', 'family']);
  const name = facts.article + facts.name;
  const turns: [string, string][] = [
    [
      `[where is {name}|how do I find {name}]?`,
      `[it is|{name} is] in the ${facts.area ?? ''}, [near|close to] the ${facts.near ?? ''}.`,
    ],
    [
      '[what do they serve at {name}|what can I eat at {name}|is there good food at {name}]?',
      `[they serve|at {name} they cook] ${facts.food ?? ''} food.`,
    ],
    [
      '[is {name} expensive|what does it cost]?',
      facts.price === 'moderate' ? 'the prices are moderate.' : `[it is|{name} is] ${facts.price ?? ''}.`,
    ],
    [
      '[can I bring my children|are families welcome at {name}]?',
      facts.family === true
        ? 'yes, [children|families] are welcome.'
        : 'no, it is not a place for [children|families].',
    ],
    ['[is it any good|what do people say about {name}]?', `it has a ${facts.rating ?? ''} rating.`],
    ['[what kind of place is {name}|what is {name}]?', `{name} is a ${facts.kind}.`],
  ].map(([q = '', a = '']) => [polish(expand(random, q, { name })), polish(expand(random, a, { name }))]);
  return { facts, turns: random.shuffle(turns) };
}
