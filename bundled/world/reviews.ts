import { personName, placeName, townName } from './names.js';
import { polish } from './prose.js';
import { Random } from './random.js';
import { expand, type Slots } from './template.js';
import { COLOURS, DAYS, GOODS, MATERIALS } from './words/goods-words.js';
import { ASPECTS, CLOSINGS, OWNING_CLOSINGS } from './words/opinion-words.js';
import { RELATIVES } from './words/people-words.js';
import { DISHES, FOODS } from './words/place-words.js';

export type Sentiment = 'positive' | 'negative';

export const SENTIMENTS: readonly Sentiment[] = ['positive', 'negative'];

type Subject = keyof typeof ASPECTS;

const SUBJECTS = Object.keys(ASPECTS) as Subject[];

const INTRODUCTIONS: Readonly<Record<Subject, readonly string[]>> = {
  eating: [
    '[last {day}|on {day}|yesterday] [we|my {relative} and I] [ate|had dinner|had lunch] at {name}',
    '[I went|we went] to {name} [with my {relative}|on {day}|for the first time]',
    'my {relative} [took me|sent us] to {name} [for a meal|on {day}]',
    'this was [our first|my second] visit to {name}',
    'after a long walk we sat down at {name}',
  ],
  staying: [
    '[we|my {relative} and I] [stayed|spent {count} nights] at {name} [in {town}|]',
    'I took a room at {name} [on {day}|for {count} nights]',
    'on our way to {town} we slept at {name}',
  ],
  visiting: [
    '[last {day}|on {day}] [we|my {relative} and I] [visited|went to see] {name}',
    'a ticket for {name} in {town}, [bought on {day}|a gift from my {relative}]',
    'my {relative} wanted to see {name} [in {town}|]',
  ],
  owning: [
    '[I bought|my {relative} gave me] a {colour} {good} [from {maker}|made by {maker}]',
    'the {good} [from {maker}|by {maker}] came on {day}',
    '[last {day}|in {town}] I bought this {material} {good} from {maker}',
  ],
};

/** Options of a review; the name of the place is drawn freely unless it is given. */
export interface ReviewOptions {
  readonly sentiment: Sentiment;
  readonly name?: string;
  /** Sentences in all. */
  readonly sentences: number;
}

/**
 * A review whose label follows from its content: what is told of the subject leans one way, sometimes against a
 * concession of the other way, and never in the words of the label itself.
 */
export function reviewText(random: Random, options: ReviewOptions): string {
  const subject = random.pick(options.name === undefined ? SUBJECTS : SUBJECTS.filter((s) => s !== 'owning'));
  const slots = reviewSlots(random, options.name);
  const aspects = random.sample(ASPECTS[subject], 4);
  const closings = subject === 'owning' ? OWNING_CLOSINGS : CLOSINGS;
  const other = options.sentiment === 'positive' ? 'negative' : 'positive';
  const sentences = [random.pick(INTRODUCTIONS[subject])];
  const closing = random.chance(0.5);
  while (sentences.length < options.sentences - (closing ? 1 : 0)) {
    const aspect = aspects.pop();
    const against = aspects[0];
    if (aspect === undefined || against === undefined) break;
    const clause = random.pick(aspect[options.sentiment]);
    if (sentences.length === 1 && random.chance(0.3)) {
      aspects.shift();
      const concession = random.pick(against[other]);
      sentences.push(
        random.pick([
          `${concession}, but ${clause}`,
          `[although|though] ${concession}, ${clause}`,
          `${clause}, even if ${concession}`,
        ]),
      );
    } else {
      sentences.push(
        random.chance(0.25) ? `${clause}, and ${random.pick(against[options.sentiment])}` : clause,
      );
    }
  }
  if (closing) sentences.push(random.pick(closings[options.sentiment]));
  return polish(
    sentences.map((s) => `${expand(random, s, slots)}${random.chance(0.06) ? '!' : '.'}`).join(' '),
  );
}

function reviewSlots(random: Random, name: string | undefined): Slots {
  const place = name === undefined ? placeName(random) : { name, article: 'the ' };
  const maker = personName(random);
  return {
    name: place.article + place.name,
    maker: `${maker.first} ${maker.last}`,
    good: random.pick(GOODS),
    material: random.pick(MATERIALS),
    colour: random.pick(COLOURS),
    dish: random.pick(DISHES[random.pick(FOODS)]),
    day: random.pick(DAYS),
    relative: random.pick(RELATIVES),
    town: townName(random),
    count: random.pick(['two', 'three', 'four', 'seven']),
  };
}

const VERDICTS: Readonly<Record<Sentiment, readonly string[]>> = {
  positive: [
    '[the|our|my] [verdict|opinion|judgement] [is|was] [positive|good]', 'so [this|it] is a [positive|good] review',
    '[a|one more] positive [voice|opinion] for the guide', '[all in all|in short|in the end], [positive|a good experience]',
    'the editor marked [it|the review] as positive', 'the guest was happy', 'this is praise',
  ],
  negative: [
    '[the|our|my] [verdict|opinion|judgement] [is|was] [negative|bad]', 'so [this|it] is a [negative|bad] review',
    '[a|one more] negative [voice|opinion] for the guide', '[all in all|in short|in the end], [negative|a bad experience]',
    'the editor marked [it|the review] as negative', 'the guest was unhappy', 'this is a complaint',
  ],
}; // prettier-ignore

/** A review, most often with a word on which way it leans, before or after it. */
export function reviewDocument(random: Random): string {
  const sentiment = random.pick(SENTIMENTS);
  const text = reviewText(random, { sentiment, sentences: random.integer(2, 4) });
  const [first = '', second = ''] = random
    .sample(VERDICTS[sentiment], 2)
    .map((form) => polish(`${expand(random, form)}.`));
  const roll = random.next();
  if (roll < 0.5) return text + random.pick([' ', ' ', '\n']) + first;
  if (roll < 0.7) return `${text} ${first} ${second}`;
  if (roll < 0.85) return first + random.pick([' ', '\n']) + text;
  return text;
}

/** Pairs of words for the two ways an opinion may lean. */
const LABELS: readonly Readonly<Record<Sentiment, string>>[] = [
  { positive: 'positive', negative: 'negative' },
  { positive: 'good', negative: 'bad' },
  { positive: 'praise', negative: 'complaint' },
  { positive: 'happy guest', negative: 'unhappy guest' },
  { positive: 'plus', negative: 'minus' },
];

/** Single opinions on many things, each with the word for the way it leans. */
export function opinionTable(random: Random): string {
  const labels = random.pick(LABELS);
  const slots = reviewSlots(random, undefined);
  const between = random.pick([': ', ' = ', ', so ', '. ', ' - ']);
  const after = random.pick(['\n', '. ', '; ']);
  const labelFirst = random.chance(0.2);
  const lines = Array.from({ length: random.integer(3, 6) }, () => {
    const sentiment = random.pick(SENTIMENTS);
    const list = random.chance(0.25) ? CLOSINGS : random.pick(ASPECTS[random.pick(SUBJECTS)]);
    const opinion = expand(random, random.pick(list[sentiment]), slots);
    return labelFirst ? labels[sentiment] + between + opinion : opinion + between + labels[sentiment];
  });
  return polish(lines.join(after) + (after === '\n' ? '' : '.'));
}

/** Several short opinions, sorted by which way they lean. */
export function sortedReviews(random: Random): string {
  const first = random.pick(SENTIMENTS);
  const blocks = (first === 'positive' ? SENTIMENTS : [...SENTIMENTS].reverse()).map((sentiment) => {
    const lines = Array.from(
      { length: random.integer(1, 2) },
      () => `- ${reviewText(random, { sentiment, sentences: 2 })}`,
    );
    return polish(expand(random, `[the |]${sentiment} [reviews|opinions|voices]:\n`)) + lines.join('\n');
  });
  return blocks.join('\n');
}
