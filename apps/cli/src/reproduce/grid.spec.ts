import { createFineTuningJob } from '@prad/contracts';
import { expect, it } from 'vitest';
import { cellsOf, methodsOf, nameOf, requestOf, tasksOf, type GridSettings } from './grid.js';
import { paperMethods, paperTasks } from './paper-settings.js';

const settings: GridSettings = {
  ...{ model: 'gpt2', tasks: ['e2e'], methods: ['adapter', 'prefix', 'dora'], seeds: [1, 2], steps: 400 },
  ...{ batchSize: 8, template: 'plain', learningRates: {}, limit: undefined },
};

it('is every method with its twin, for every seed; what the paper did not run is left out', () => {
  expect(cellsOf(settings).map(nameOf)).toEqual([
    'e2e/adapter/prompt/1',
    'e2e/adapter/prompt/2',
    'e2e/adapter/all/1',
    'e2e/adapter/all/2',
    'e2e/prefix/prompt/1',
    'e2e/prefix/prompt/2',
  ]);
});

it('is made of jobs that the API takes', () => {
  const whole = { ...settings, tasks: [...paperTasks], methods: [...paperMethods] };
  const cells = cellsOf(whole);
  expect(cells).toHaveLength(2 * (6 * (1 + 2 + 2 + 1 + 2) + 3 * 2));
  for (const cell of cells) createFineTuningJob.parse(requestOf(cell, whole, 'file-1'));
});

it('takes sizes and rates of the paper, and steps within the budget', () => {
  const cell = { task: 'e2e', method: 'adapter', scope: 'prompt', seed: 7 } as const;
  const request = requestOf(cell, settings, 'file-1');
  expect(request).toMatchObject({
    ...{ seed: 7, metadata: { reproduce: 'e2e/adapter/prompt/7' }, task: { name: 'e2e' } },
    method: { prad: { rank: 108, hyperparameters: { learning_rate: 2e-3, max_steps: 400, batch_size: 8 } } },
  });
  const longer = requestOf(cell, { ...settings, steps: 100_000, learningRates: { adapter: 1 } }, 'file-1');
  expect(longer).toMatchObject({
    method: { prad: { hyperparameters: { learning_rate: 1, max_steps: 60_000 } } },
  });
});

it('names what it does not know', () => {
  expect(tasksOf('e2e, sst2')).toEqual(['e2e', 'sst2']);
  expect(() => methodsOf('lora,rola')).toThrow(/unknown method "rola": known are full, adapter/);
});
