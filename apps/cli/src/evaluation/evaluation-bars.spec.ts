import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { EvaluationEventObject, EvaluationStandingObject } from '@prad/contracts';
import { expect, it } from 'vitest';
import { EvaluationBars, factsOf } from './evaluation-bars.js';

const running: EvaluationStandingObject = {
  ...{ place: 0, model: 'base', status: 'running', done: 16, total: 40, shards_done: 1, shards: 3 },
  ...{ rows_per_second: 4, scores: null },
};
const waiting: EvaluationStandingObject = {
  ...{ ...running, place: 1, model: 'ft:base::abc', status: 'waiting', done: 0, shards_done: 0 },
  rows_per_second: null,
};
const finished: EvaluationStandingObject = {
  ...{ ...running, status: 'finished', done: 40, shards_done: 3, scores: { bleu: 12.5, rougeL: 0.25 } },
};

const facts = { id: 'evalevent-1', object: 'evaluation.event', created_at: 0, level: 'info' } as const;
const standing = (data: EvaluationStandingObject): EvaluationEventObject => ({
  ...{ ...facts, prad: { sequence: 1 }, type: 'metrics', data },
  message: `${data.model}: ${data.done} of ${data.total}`,
});
const message = (text: string): EvaluationEventObject => ({
  ...{ ...facts, prad: { sequence: 1 }, type: 'message', data: {}, message: text },
});

/** What the bars write to a stream that is a terminal, or is none. */
function written(isTTY: boolean, events: readonly EvaluationEventObject[]): string {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 160 });
  const bars = new EvaluationBars([running.model, waiting.model], stream as unknown as NodeJS.WriteStream);
  for (const event of events) bars.show(event);
  bars.stop();
  return stripVTControlCharacters(String(stream.read() ?? ''));
}

it.each([
  [running, '4.0 rows/s  ETA 6 s'],
  [{ ...running, rows_per_second: null }, 'started'],
  [waiting, 'waits'],
  [{ ...running, done: 40 }, '4.0 rows/s  is scored'],
  [finished, 'bleu 12.5000  rougeL 0.2500'],
])('says of a model what is known', (of, expected) => {
  expect(stripVTControlCharacters(factsOf(of))).toBe(expected);
});

it('draws a bar for each model in a terminal', () => {
  const text = written(true, [message('Evaluation started'), standing(running), standing(waiting)]);
  const bars = text.split('\n').filter((line) => line.includes('/40'));
  expect(bars.some((line) => /base +.*16\/40 +4\.0 rows\/s/.test(line))).toBe(true);
  expect(bars.some((line) => /ft:base::abc .*0\/40 +waits/.test(line))).toBe(true);
  expect(text).not.toContain('Evaluation started');
});

it('writes lines of messages and of finished models elsewhere', () => {
  const events = [message('Evaluation started'), standing(running), standing(finished)];
  expect(written(false, events)).toBe('Evaluation started\nbase: 40 of 40\n');
});
