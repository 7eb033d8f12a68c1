import { goodPairs, goodParagraph, goodSummary, randomGood } from './goods.js';
import { conversation, dialogue } from './dialogues.js';
import { looseNotes, notesThenProse, pairNotes } from './notes.js';
import { personPairs, personParagraph, personSummary, randomPerson } from './people.js';
import { PLACE_DETAILS, randomPlace } from './place.js';
import { placeComparison, placeJottings, placePairs, placeParagraph } from './place-prose.js';
import { hashText, Random } from './random.js';
import { reviewDocument, sortedReviews } from './reviews.js';
import { letter, list, story } from './stories.js';
import { expand } from './template.js';
import { EVENTS, FEATURES } from './words/place-words.js';
import { renderConversation } from '../tokenizer/chat-template.js';

/** Kinds of documents with their share of the whole. */
const MIXTURE: readonly (readonly [share: number, write: (random: Random) => string])[] = [
  [22, placeNotes],
  [16, places],
  [5, personNotes],
  [8, (random) => personParagraph(random, randomPerson(random))],
  [4, goodNotes],
  [6, (random) => goodParagraph(random, randomGood(random))],
  [17, reviewDocument],
  [3, sortedReviews],
  [6, dialogue],
  [4, (random) => renderConversation(conversation(random))],
  [4, story],
  [3, letter],
  [2, list],
];

const TOTAL = MIXTURE.reduce((sum, [share]) => sum + share, 0);

/**
 * The endless text of the world: one document after the other, the same for the same seed on every machine.
 * Another seed gives other documents of the same world, which serve as held-out text.
 */
export function* documents(seed: number): Generator<string, never> {
  for (let index = 0; ; index++) yield documentAt(seed, index);
}

/** The document at one index of `documents(seed)`. */
export function documentAt(seed: number, index: number): string {
  const random = new Random(hashText(`${seed}:${index}`));
  let roll = random.next() * TOTAL;
  for (const [share, write] of MIXTURE) {
    if (roll < share) return write(random);
    roll -= share;
  }
  return placeNotes(random);
}

function placeNotes(random: Random): string {
  const place = randomPlace(random, random.sample(PLACE_DETAILS, random.integer(0, 5)));
  const notes = random.chance(0.5)
    ? pairNotes(random, placePairs(random, place))
    : looseNotes(random, place.article + place.name, placeJottings(random, place));
  return notesThenProse(random, notes, placeParagraph(random, place));
}

function places(random: Random): string {
  const place = randomPlace(random, random.sample(PLACE_DETAILS, random.integer(2, 6)));
  const name = place.article + place.name;
  let text = placeParagraph(random, place);
  if (random.chance(0.5)) {
    const slots = { name, feature: random.pick(FEATURES), event: random.pick(EVENTS) };
    text += ` ${expand(random, '[Inside you will see {feature}.|On Fridays there is {event}.|At {name} there is {event} in summer.|It has {feature}.|People love {name} for {feature}.]', slots)}`;
  }
  if (random.chance(0.25)) {
    const other = randomPlace(random, random.sample(PLACE_DETAILS, random.integer(1, 3)));
    text += ` ${placeParagraph(random, other)}`;
    if (random.chance(0.5)) text += ` ${placeComparison(random, place, other)}`;
  }
  return text;
}

function personNotes(random: Random): string {
  const person = randomPerson(random);
  const pairs = personPairs(random, person);
  const [name = ['', '']] = pairs;
  const notes = random.chance(0.6)
    ? pairNotes(random, pairs)
    : looseNotes(
        random,
        name[1],
        pairs.slice(1).map(([, value]) => value),
      );
  return notesThenProse(random, notes, personSummary(random, person, pairs.length));
}

function goodNotes(random: Random): string {
  const good = randomGood(random);
  return notesThenProse(
    random,
    pairNotes(random, random.shuffle(goodPairs(random, good))),
    goodSummary(random, good),
  );
}
