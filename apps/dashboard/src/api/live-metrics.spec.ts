import type { JobMetricObject } from '@prad/contracts';
import { expect, it } from 'vitest';
import { withPoints } from './live-metrics.js';

function point(step: number, sequence: number, train_loss: number): JobMetricObject {
  return {
    ...{ step, sequence, train_loss, valid_loss: null, learning_rate: null },
    ...{ gradient_norm: null, tokens_per_second: null, step_seconds: null, padding_waste: null, mfu: null },
  };
}

it('adds new points by steps, replaces those written again, and goes on after the last sequence', () => {
  const first = withPoints({ points: [], sequence: 0 }, [point(0, 1, 3), point(1, 2, 2.5)]);
  expect(first.sequence).toBe(2);
  const second = withPoints(first, [point(2, 4, 2), point(1, 3, 2.4)]);
  expect(second.sequence).toBe(4);
  expect(second.points.map(({ step, train_loss }) => [step, train_loss])).toEqual([
    [0, 3],
    [1, 2.4],
    [2, 2],
  ]);
  expect(withPoints(second, [])).toBe(second);
});
