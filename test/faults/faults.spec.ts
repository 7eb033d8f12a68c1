import { it } from 'vitest';
import { surviveFaults } from '../e2e/support/faults.js';

it('loses no training in twenty rounds of faults, and runs none twice', async () => {
  await surviveFaults(20);
}, 3_600_000);
