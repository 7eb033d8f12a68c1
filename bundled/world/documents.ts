import { goodPairs, goodParagraph, goodSummary, randomGood } from './goods.js';
import { conversation, dialogue } from './dialogues.js';
import { looseNotes, notesThenProse, pairNotes } from './notes.js';
import { personPairs, personParagraph, personSummary, randomPerson } from './people.js';
import { PLACE_DETAILS, placeSentence, randomPlace, type PlaceFacts } from './place.js';
import { placeComparison, placeJottings, placePairs, placeParagraph } from './place-prose.js';
import { parrotGame } from './parrot-game.js';
import { hashText, Random } from './random.js';
import { opinionTable, reviewDocument, sortedReviews } from './reviews.js';
import { letter, list, story } from './stories.js';
import { expand } from './template.js';
import { EVENTS, FEATURES } from './words/place-words.js';
import { renderConversation } from '../tokenizer/chat-template.js';

/** Kinds of documents with their share of the whole. */
const MIXTURE: readonly (readonly [share: number, write: (random: Random) => string])[] = [
  [30, placeNotes],
  [8, placeNotesTwice],
  [12, places],
  [5, personNotes],
  [4, (random) => personParagraph(random, randomPerson(random))],
  [5, goodNotes],
  [3, (random) => goodParagraph(random, randomGood(random))],
  [18, reviewDocument],
  [6, opinionTable],
  [2, sortedReviews],
  [6, dialogue],
  [4, (random) => renderConversation(conversation(random))],
  [3, story],
  [2, letter],
  [2, list],
  [6, parrotGame],
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
  const prose = placeParagraph(random, place);
  return notesThenProse(random, someNotes(random, place), prose + restated(random, place, prose, 0.3));
}

/** The same facts in two layouts. */
function placeNotesTwice(random: Random): string {
  const place = randomPlace(random, random.sample(PLACE_DETAILS, random.integer(1, 4)));
  return `${someNotes(random, place)}\n${someNotes(random, place)}${restated(random, place, '', 0.3)}`;
}

function someNotes(random: Random, place: PlaceFacts): string {
  return random.chance(0.5)
    ? pairNotes(random, placePairs(random, place))
    : looseNotes(random, place.article + place.name, placeJottings(random, place));
}

/** Once more all in one sentence, with the given probability, unless it has been said in just these words. */
function restated(random: Random, place: PlaceFacts, said: string, probability: number): string {
  const sentence = placeSentence(place);
  if (!random.chance(probability) || said === sentence) return '';
  return random.pick(['\nIn short: ', '\nOnce more: ', ' ', '\n']) + sentence;
}

function places(random: Random): string {
  const place = randomPlace(random, random.sample(PLACE_DETAILS, random.integer(2, 6)));
  const name = place.article + place.name;
  let text = placeParagraph(random, place);
  text += restated(random, place, text, 0.6);
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
