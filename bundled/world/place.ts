import { pairName, placeName, type NameSplit } from './names.js';
import { Random } from './random.js';
import { AREAS, EATING_KINDS, FOODS, OTHER_KINDS, PRICES, RATINGS } from './words/place-words.js';

/** What is known of one place; every field but name and kind may be unknown. */
export interface PlaceFacts {
  readonly name: string;
  readonly article: '' | 'the ';
  readonly kind: string;
  readonly food?: (typeof FOODS)[number];
  readonly price?: (typeof PRICES)[number];
  readonly area?: string;
  readonly rating?: (typeof RATINGS)[number];
  readonly near?: string;
  readonly family?: boolean;
}

export type PlaceDetail = 'food' | 'price' | 'area' | 'rating' | 'near' | 'family';

export const PLACE_DETAILS: readonly PlaceDetail[] = ['food', 'price', 'area', 'rating', 'near', 'family'];

/** A place with exactly the given details known. Names come from `split`; training also uses freer forms. */
export function randomPlace(
  random: Random,
  details: readonly PlaceDetail[],
  split: NameSplit | 'any' = 'any',
): PlaceFacts {
  const eats = random.chance(0.85) || split !== 'any' || details.includes('food');
  const named =
    split === 'any' ? placeName(random) : { name: pairName(random, split), article: 'the ' as const };
  let near = pairName(random, split === 'any' ? 'train' : split);
  while (near === named.name) near = pairName(random, split === 'any' ? 'train' : split);
  const full: Required<PlaceFacts> = {
    ...named,
    kind: random.pick(eats ? EATING_KINDS : OTHER_KINDS),
    food: random.pick(FOODS),
    price: random.pick(PRICES),
    area: random.pick(AREAS),
    rating: random.pick(RATINGS),
    near,
    family: random.chance(0.5),
  };
  return keepDetails(full, details);
}

/** The same place with only the given details known. */
export function keepDetails(place: PlaceFacts, details: readonly PlaceDetail[]): PlaceFacts {
  const { name, article, kind } = place;
  const kept = PLACE_DETAILS.filter((detail) => details.includes(detail) && place[detail] !== undefined);
  return { name, article, kind, ...Object.fromEntries(kept.map((detail) => [detail, place[detail]])) };
}

/** The details that are known, in the fixed order of PLACE_DETAILS. */
export function knownDetails(place: PlaceFacts): PlaceDetail[] {
  return PLACE_DETAILS.filter((detail) => place[detail] !== undefined);
}

const PRICE_WORDS = { cheap: 'cheap', moderate: 'moderately priced', expensive: 'expensive' } as const;

/**
 * The one sentence that states all known details of a place: a pure function of the facts. The plan of the
 * sentence is chosen by which details are known.
 */
export function placeSentence(place: PlaceFacts): string {
  const { kind, food, area, near, rating, family } = place;
  const name = place.article + place.name;
  const price = place.price === undefined ? '' : `${PRICE_WORDS[place.price]} `;
  const serves = food === undefined ? '' : ` that serves ${food} food`;
  const where = area === undefined ? '' : ` in the ${area}`;
  const welcome =
    family === undefined
      ? ''
      : family
        ? ', and children are welcome'
        : ', but it is not a place for children';
  let sentence: string;
  if (near !== undefined) {
    const rated = rating === undefined ? '' : ` with a ${rating} rating`;
    sentence = `close to the ${near} you will find ${name}, a ${price}${kind}${where}${serves}${rated}`;
  } else if (rating !== undefined) {
    sentence = `with its ${rating} rating, ${name} is a ${price}${kind}${where}${serves}`;
  } else {
    sentence = `${name} is a ${price}${kind}${where}${serves}`;
  }
  const finished = `${sentence}${welcome}.`.replace(/\b(a) (?=[aeiou])/g, 'an ');
  return finished.charAt(0).toUpperCase() + finished.slice(1);
}
