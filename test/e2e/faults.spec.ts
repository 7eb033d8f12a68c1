import { it } from 'vitest';
import { surviveFaults } from './support/faults.js';

/** One of each fault; `npm run test:faults` has more rounds. */
it('loses no training to whatever befalls workers and stores, and runs none twice', async () => {
  await surviveFaults(6);
}, 900_000);
