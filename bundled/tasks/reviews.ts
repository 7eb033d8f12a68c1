import { pairName } from '../world/names.js';
import { reviewText, SENTIMENTS } from '../world/reviews.js';
import type { BundledTask } from './task-rows.js';

/** A review of a place to one word for which way it leans; both words are equally frequent in every split. */
export const reviewsTask: BundledTask = {
  name: 'reviews',
  seed: 2202,
  sizes: { train: 800, validation: 100, test: 100 },
  row: (random, split, index) => {
    const sentiment = SENTIMENTS[index % SENTIMENTS.length] ?? 'positive';
    const text = reviewText(random, {
      sentiment,
      name: pairName(random, split),
      sentences: random.integer(2, 3),
    });
    return { prompt: `${text} ->`, completion: ` ${sentiment}` };
  },
};
