import { expect, it } from 'vitest';
import { checkScenarios } from '../../libs/generation/testing/scenarios.js';

it('10,000 scenarios give each request the tokens of its solo run', async () => {
  const tally = await checkScenarios(10_000);
  console.log(tally);
  for (const [what, times] of Object.entries(tally)) expect(times, what).toBeGreaterThan(100);
});
