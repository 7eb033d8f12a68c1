import { it } from 'vitest';
import { surviveFaults } from './support/faults.js';

/** One each of the first faults; `npm run test:faults` has more rounds. */
it('loses no training to whatever befalls workers and stores, and runs none twice', async () => {
  await surviveFaults(5);
}, 900_000);
