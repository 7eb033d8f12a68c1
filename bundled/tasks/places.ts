import { PLACE_DETAILS, placeSentence, randomPlace, type PlaceFacts } from '../world/place.js';
import type { BundledTask } from './task-rows.js';

/**
 * Attribute lists to one sentence, after the manner of E2E. The sentence is a function of the attributes, so an
 * answer is right or wrong word for word. Names of validation and test are in no other text of the project.
 */
export const placesTask: BundledTask = {
  name: 'places',
  seed: 2101,
  sizes: { train: 1200, validation: 100, test: 100 },
  row: (random, split) => {
    const details = random.sample(PLACE_DETAILS, random.integer(1, 3));
    const place = randomPlace(random, details, split);
    return { prompt: placePrompt(place), completion: ` ${placeSentence(place)}` };
  },
};

/** The attributes of a place as `name : Silver Lantern | type : cafe | area : old town ->`. */
export function placePrompt(place: PlaceFacts): string {
  const pairs = [`name : ${place.name}`, `type : ${place.kind}`];
  for (const detail of PLACE_DETAILS) {
    const value = place[detail];
    if (value === undefined) continue;
    pairs.push(`${detail} : ${typeof value === 'boolean' ? (value ? 'yes' : 'no') : value}`);
  }
  return `${pairs.join(' | ')} ->`;
}
