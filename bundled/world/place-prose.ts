import { joinWords, polish } from './prose.js';
import { knownDetails, placeSentence, type PlaceDetail, type PlaceFacts } from './place.js';
import { Random } from './random.js';
import { expand, type Slots } from './template.js';
import { DISHES } from './words/place-words.js';

/** A sentence form and the details it tells. */
interface Form {
  readonly tells: readonly PlaceDetail[];
  readonly text: string;
}

const OPENINGS: readonly Form[] = [
  { tells: [], text: '{name} is a {kind}' },
  { tells: [], text: '[there is|we have] a {kind} called {plain}' },
  { tells: ['area'], text: '{name} is a {kind} in the {area}' },
  {
    tells: ['area'],
    text: 'in the {area} [there is|you will find|stands] {name}, a [small |well known |]{kind}',
  },
  { tells: ['price'], text: '{name} is a {price} {kind}' },
  { tells: ['price', 'area'], text: '{name} is a {price} {kind} in the {area}' },
  { tells: ['food'], text: '{name} is a {kind} that serves {food} food' },
  { tells: ['food'], text: '{name} is a {food} {kind}' },
  { tells: ['food', 'area'], text: '{name} is a {kind} in the {area} that serves {food} food' },
  { tells: ['price', 'food'], text: '{name} is a {price} {kind} that serves {food} food' },
  {
    tells: ['price', 'food', 'area'],
    text: '{name} is a {price} {kind} in the {area} that serves {food} food',
  },
  { tells: ['near'], text: 'close to the {near} [you will find|there is] {name}, a {kind}' },
  { tells: ['near', 'area'], text: 'close to the {near} you will find {name}, a {kind} in the {area}' },
  { tells: ['near', 'price'], text: 'close to the {near} you will find {name}, a {price} {kind}' },
  { tells: ['near'], text: '{name} is a {kind} [near|next to|not far from] the {near}' },
  {
    tells: ['near', 'food'],
    text: 'close to the {near} you will find {name}, a {kind} that serves {food} food',
  },
  {
    tells: ['rating'],
    text: 'with its {rating} rating, {name} is a {kind} [people talk about|that guests know]',
  },
  { tells: ['rating', 'area'], text: 'with its {rating} rating, {name} is a {kind} in the {area}' },
  {
    tells: ['rating', 'price', 'food'],
    text: 'with its {rating} rating, {name} is a {price} {kind} that serves {food} food',
  },
  { tells: ['rating', 'price'], text: '{name} is a {price} {kind} with a {rating} rating' },
  { tells: ['family'], text: '{name} is a {kind}, {welcome}' },
];

const FOLLOWING: readonly Form[] = [
  { tells: ['area'], text: '[it|{name}|the {kind}] [is|lies|stands] in the {area}' },
  { tells: ['area'], text: '[you will find it|people go there|it is the best known {kind}] in the {area}' },
  { tells: ['food'], text: '[it|{name}|the kitchen|the {kind}] serves {food} food' },
  {
    tells: ['food'],
    text: 'at {name} [they cook|you can eat|the guests are served] {food} food, [such as|for example|above all] {dish}',
  },
  {
    tells: ['food'],
    text: 'the {food} food at {name} is [made by hand|known in the whole town|cooked every day]',
  },
  { tells: ['price'], text: '[it|{name}|a meal there|an evening at {name}] is {price}' },
  { tells: ['price'], text: 'the prices at {name} are {level}' },
  { tells: ['rating'], text: '[it|{name}] has a {rating} rating' },
  {
    tells: ['rating'],
    text: '[guests|visitors|people who know the {area2}] [give it|give {name}] a {rating} rating',
  },
  { tells: ['rating'], text: 'the rating of {name} is {rating}' },
  {
    tells: ['near'],
    text: '[it|{name}|the {kind}] is [near|close to|next to|opposite|not far from] the {near}',
  },
  { tells: ['near'], text: 'from the {near} it is a short walk to {name}' },
  { tells: ['family'], text: '[at {name} |]{alone}' },
  { tells: ['family', 'price'], text: '[it|{name}] is {price}, {welcome}' },
  { tells: ['near', 'area'], text: '[it|{name}] is in the {area}, [near|close to|next to] the {near}' },
];

/** A paragraph that tells every known detail once, in random order and wording. */
export function placeParagraph(random: Random, place: PlaceFacts): string {
  if (random.chance(0.15)) return placeSentence(place);
  const slots = placeSlots(random, place);
  const open = new Set<PlaceDetail>(knownDetails(place));
  const sentences: string[] = [];
  const say = (forms: readonly Form[]): void => {
    const fitting = forms.filter((form) => form.tells.every((detail) => open.has(detail)));
    const form = random.pick(fitting);
    for (const detail of form.tells) open.delete(detail);
    sentences.push(expand(random, form.text, slots));
  };
  say(OPENINGS);
  while (open.size > 0) say(FOLLOWING.filter((form) => form.tells.length > 0));
  return polish(`${joinSentences(random, sentences)}.`);
}

function joinSentences(random: Random, sentences: readonly string[]): string {
  let text = sentences[0] ?? '';
  for (const sentence of sentences.slice(1)) {
    text += random.chance(0.2) ? `, and ${sentence}` : `. ${sentence}`;
  }
  return text;
}

const LEVELS = { cheap: '[low|cheap]', moderate: '[moderate|fair]', expensive: '[high|expensive]' } as const;
const PRICE_PHRASES = { cheap: 'cheap', moderate: 'moderately priced', expensive: 'expensive' } as const;

/** The values that place templates may name; unknown details get values that no fitting template shows. */
function placeSlots(random: Random, place: PlaceFacts): Slots {
  const family = place.family ?? true;
  return {
    name: place.article + place.name,
    plain: place.article + place.name,
    kind: place.kind,
    area: place.area ?? '',
    area2: place.area ?? 'town',
    food: place.food ?? '',
    dish: random.pick(DISHES[place.food ?? 'English']),
    price: PRICE_PHRASES[place.price ?? 'cheap'],
    level: expand(random, LEVELS[place.price ?? 'cheap']),
    rating: place.rating ?? '',
    near: place.near ?? '',
    welcome: family
      ? random.pick(['and children are welcome', 'and families are welcome'])
      : random.pick(['but it is not a place for children', 'but not for families']),
    alone: family
      ? random.pick(['children are welcome', 'families are welcome', 'there is room for the whole family'])
      : random.pick(['children are not welcome', 'families are not welcome', 'only grown people are let in']),
  };
}

/** Short phrases, one for each known detail and the kind, as one jots them down. */
export function placeJottings(random: Random, place: PlaceFacts): string[] {
  const out = [place.kind];
  if (place.food !== undefined) out.push(place.food + random.pick(['', ' food', ' kitchen']));
  if (place.price !== undefined) out.push(place.price);
  if (place.area !== undefined) out.push(random.pick(['', 'in the ', 'the ']) + place.area);
  if (place.rating !== undefined)
    out.push(random.pick([`${place.rating} rating`, `rated ${place.rating}`, place.rating]));
  if (place.near !== undefined) out.push(random.pick(['near the ', 'near ', 'close to the ']) + place.near);
  if (place.family !== undefined) {
    out.push(
      place.family
        ? random.pick(['children welcome', 'for families', 'family yes'])
        : random.pick(['no children', 'not for families', 'family no']),
    );
  }
  return random.chance(0.3) ? [...out.slice(0, 1), ...random.shuffle(out.slice(1))] : out;
}

/** Key words and values, one pair for each known detail, with the key words of one notebook. */
export function placePairs(random: Random, place: PlaceFacts): [string, string][] {
  const pairs: [string, string][] = [
    [random.pick(['name', 'place', 'house', 'sign']), place.name],
    [random.pick(['kind', 'sort', 'type']), place.kind],
  ];
  if (place.food !== undefined) pairs.push([random.pick(['food', 'kitchen', 'cooking']), place.food]);
  if (place.price !== undefined) pairs.push([random.pick(['price', 'cost', 'prices']), place.price]);
  if (place.area !== undefined) pairs.push([random.pick(['area', 'where', 'quarter']), place.area]);
  if (place.rating !== undefined) pairs.push([random.pick(['rating', 'guests say', 'mark']), place.rating]);
  if (place.near !== undefined) pairs.push([random.pick(['near', 'close to', 'next to']), place.near]);
  if (place.family !== undefined)
    pairs.push([random.pick(['family', 'children', 'families']), place.family ? 'yes' : 'no']);
  return pairs;
}

/** A comparison of two places that names both again. */
export function placeComparison(random: Random, a: PlaceFacts, b: PlaceFacts): string {
  const slots = { a: a.article + a.name, b: b.article + b.name, kinds: joinWords([a.kind, b.kind]) };
  return polish(
    expand(
      random,
      '[I know both {a} and {b}|people often compare {a} with {b}|{a} and {b} are not alike]. [most people|my friends|we] [like|choose|prefer] [{a}|{b}] [on Sundays|in the evening|when it rains|for a quick meal].',
      slots,
    ),
  );
}
