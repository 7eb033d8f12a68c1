import { expect, it } from 'vitest';
import { csvOf, markdownOf, scoresOf } from './grid-table.js';
import type { GridSettings, Scope } from './grid.js';
import type { GridResult } from './run-grid.js';

const settings: GridSettings = {
  ...{ model: 'gpt2', tasks: ['sst2'], methods: ['lora'], seeds: [1, 2], steps: 9 },
  ...{ batchSize: 8, template: 'plain', learningRates: { lora: 0.01 }, limit: undefined },
};

function score(value: number) {
  const accuracy = { metric: 'accuracy', score: value, low: value - 0.1, high: value + 0.1 };
  return [{ ...accuracy, higher_is_better: true, signature: 'a, "b"' }];
}

function result(values: Readonly<Record<Scope, readonly number[]>>, failed = false): GridResult {
  const cells = (['prompt', 'all'] as const).flatMap((scope) =>
    values[scope].map((_, index) => ({
      cell: { task: 'sst2', method: 'lora', scope, seed: index + 1 },
      job: { fine_tuned_model: `ft:${scope}:${index}`, status: 'succeeded', error: null },
    })),
  );
  const broken = {
    cell: { task: 'sst2', method: 'lora', scope: 'all', seed: 9 },
    job: { fine_tuned_model: null, status: 'failed', error: { message: 'the file is broken' } },
  };
  const models = [
    { model: 'gpt2', scores: score(0.3) },
    ...(['prompt', 'all'] as const).flatMap((scope) =>
      values[scope].map((value, index) => ({ model: `ft:${scope}:${index}`, scores: score(value) })),
    ),
  ];
  const evaluation = { gridTask: 'sst2', result: { samples: 50, models } };
  // The base is in every part of an evaluation, and counts once.
  const again = { gridTask: 'sst2', result: { samples: 50, models: models.slice(0, 1) } };
  return {
    cells: failed ? [...cells, broken] : cells,
    evaluations: [evaluation, again],
  } as unknown as GridResult;
}

it('shows means, deviations and intervals, and says how PrAd does beside its twin', () => {
  const table = markdownOf(result({ prompt: [0.8, 0.9], all: [0.9, 0.9] }), settings);
  expect(table).toContain('but for the learning rates lora 0.01');
  expect(table).toContain('## sst2, 50 samples');
  expect(table).toContain('| base | - | 0.300 [0.200, 0.400] |');
  expect(table).toContain('| lora | prompt | 0.850 ± 0.071 [0.750, 0.950] |');
  expect(table).toContain('| lora | all | 0.900 ± 0.000 [0.800, 1.000] |');
  expect(table).toContain("within its twin's interval or better in 1 of 1 metrics (accuracy)");
  expect(table).toContain("both are beyond the base's interval in 1 (accuracy).");
});

it('says so where the claim does not hold', () => {
  const table = markdownOf(result({ prompt: [0.35, 0.35], all: [0.9, 0.9] }, true), settings);
  expect(table).toContain("within its twin's interval or better in 0 of 1 metrics;");
  expect(table).toContain("both are beyond the base's interval in 0.");
  expect(table).toContain('sst2/lora/all/9 failed: the file is broken');
});

it('writes every score in a line', () => {
  const csv = csvOf(scoresOf(result({ prompt: [0.5], all: [] })), settings);
  expect(csv.split('\n')).toEqual([
    'task,method,scope,seed,metric,score,low,high,model,signature',
    'sst2,,,,accuracy,0.3,0.19999999999999998,0.4,gpt2,"a, ""b"""',
    'sst2,lora,prompt,1,accuracy,0.5,0.4,0.6,ft:prompt:0,"a, ""b"""',
    '',
  ]);
});
