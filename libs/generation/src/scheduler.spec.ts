import { expect, it } from 'vitest';
import { checkScenarios } from '../testing/scenarios.js';

it('any arrivals, lengths, adapters, cancellations and preemptions give each request the tokens of its solo run', async () => {
  const tally = await checkScenarios(200);
  // The scenarios do what they are for.
  for (const [what, times] of Object.entries(tally)) expect(times, what).toBeGreaterThan(0);
  // Half a minute of work, longer where others take the machine.
}, 300_000);
