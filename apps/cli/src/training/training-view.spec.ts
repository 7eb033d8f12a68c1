import type { FineTuningEventObject } from '@prad/contracts';
import { expect, it } from 'vitest';
import { afterEvent, notStarted } from './training-view.js';

function event(data: Record<string, unknown>): FineTuningEventObject {
  const facts = {
    id: 'ftevent-1',
    object: 'fine_tuning.job.event',
    created_at: 0,
    prad: { sequence: 1 },
  } as const;
  return { ...facts, level: 'info', message: '', type: 'metrics', data };
}

it('follows step, losses and speed, and keeps the validation loss before the first step', () => {
  const view = [
    { total_steps: 40 },
    { step: 0, valid_loss: 2 },
    { step: 10, train_loss: 1.5, tokens_per_second: 900 },
    { step: 10, valid_loss: 1 },
    { message: 'something else' },
  ]
    .map(event)
    .reduce(afterEvent, notStarted);
  expect(view).toEqual({
    step: 10,
    total: 40,
    trainLoss: 1.5,
    losses: { points: [1.5], every: 1, seen: 1 },
    firstValidLoss: 2,
    validLoss: 1,
    tokensPerSecond: 900,
  });
});

it('keeps the shape of a long curve in few losses', () => {
  const view = Array.from({ length: 5000 }, (_, step) => event({ step, train_loss: 5000 - step })).reduce(
    afterEvent,
    notStarted,
  );
  const { points, every } = view.losses;
  expect(points.length).toBeLessThanOrEqual(512);
  expect(points).toEqual(points.map((_, place) => 5000 - place * every));
  expect(points.at(-1)).toBeLessThanOrEqual(every);
});
