import { describe, expect, it } from 'vitest';
import { bootstrapInterval, pairedBootstrap } from './bootstrap.js';
import { addRows, measure, type Sample } from './metric.js';
import { metricNamed, metrics } from './registry.js';
import { exactMatch } from './scorers/labels.js';
import { measureSubsets, webNlgSubset } from './subsets.js';

const samples: Sample[] = [
  ['The Mill is a cheap pub by the river.', 'The Mill is a cheap pub near the river.'],
  ['Aromi serves food.', 'Aromi is a coffee shop that serves Chinese food.'],
  ['Zizzi is near Burger King.', 'Zizzi lies near Burger King in the city centre.'],
  ['Cocum', 'Cocum is rated low by its customers.'],
].map(([prediction = '', reference = '']) => ({
  prediction,
  references: [reference],
  logLikelihood: -prediction.length / 10,
  tokens: 4,
  confidence: 0.5,
}));
const better = samples.map(({ references, ...sample }) => ({
  ...sample,
  references,
  prediction: references[0] ?? '',
}));

describe.each([...metrics.values()])('$name', (metric) => {
  const measured = measure(metric, samples);

  it('scores by sums of rows of one length', () => {
    expect(measured.statistics).toHaveLength(samples.length);
    expect(new Set(measured.statistics.map((row) => row.length)).size).toBe(1);
    expect(metric.score(addRows(measured.statistics))).toBe(measured.score);
    expect(measured.score).not.toBeNaN();
  });

  it('is best where the answer is the reference', () => {
    const best = measure(metric, better).score;
    expect(metric.higherIsBetter ? best - measured.score : measured.score - best).toBeGreaterThanOrEqual(0);
  });

  it('has a signature with references and version', () => {
    expect(measured.signature).toMatch(/^nrefs:1\|.+\|version:prad-\d+$/);
  });

  it('gives the same interval for the same seed, around the score of one repeated sample', () => {
    const interval = bootstrapInterval(metric, measured.statistics, { seed: 7, resamples: 200 });
    expect(bootstrapInterval(metric, measured.statistics, { seed: 7, resamples: 200 })).toEqual(interval);
    expect(interval.low).toBeLessThanOrEqual(interval.high);
    const [row = []] = measured.statistics;
    const alone = bootstrapInterval(metric, [row, row, row], { resamples: 50 });
    expect(alone.low).toBeCloseTo(metric.score(row), 9);
    expect(alone.high).toBeCloseTo(metric.score(row), 9);
  });
});

describe('paired bootstrap', () => {
  const metric = metricNamed('bleu');
  const many = (rows: readonly Sample[]) => Array.from({ length: 10 }, () => rows).flat();
  const [worse, good] = [samples, better].map((rows) => measure(metric, many(rows)).statistics);

  it('is sure of a system that is better on every sample', () => {
    const compared = pairedBootstrap(metric, worse ?? [], good ?? []);
    expect(compared.pValue).toBeCloseTo(1 / 1001, 12);
    expect(compared.interval.low).toBeGreaterThan(0);
    expect(compared.difference).toBeGreaterThan(compared.interval.low);
  });

  it('sees no difference of a system from itself', () => {
    expect(pairedBootstrap(metric, worse ?? [], worse ?? [])).toMatchObject({
      difference: 0,
      interval: { high: 0 },
      pValue: 1,
    });
  });

  it('refuses systems with other samples', () => {
    expect(() => pairedBootstrap(metric, worse ?? [], (good ?? []).slice(1))).toThrow(/40.*39/);
  });
});

describe('bad input', () => {
  it.each([
    ['no samples', 'bleu', [], /at least one sample/],
    [
      'no references',
      'bleu',
      [{ prediction: 'a', references: [] }],
      /sample 0: expected at least one reference/,
    ],
    ['no likelihood', 'perplexity', [{ prediction: 'a', references: ['a'] }], /sample 0: logLikelihood/],
    [
      'labels in free words',
      'f1',
      Array.from({ length: 1001 }, (_, index) => ({ prediction: '', references: [`text ${index}`] })),
      /at most 1000 labels/,
    ],
  ])('%s', (_, name, rows: readonly Sample[], message) => {
    expect(() => measure(metricNamed(name), rows)).toThrow(message);
  });

  it('names the known metrics', () => {
    expect(() => metricNamed('blue')).toThrow(/"blue".*bleu, .*cider/);
  });
});

it('perplexity is e to the mean loss of a token', () => {
  const rows = [
    { prediction: '', references: [''], logLikelihood: -6, tokens: 2 },
    { prediction: '', references: [''], logLikelihood: -4, tokens: 3 },
  ];
  expect(measure(metricNamed('perplexity'), rows).score).toBeCloseTo(Math.exp(2), 12);
});

it('exact match minds case and punctuation unless told otherwise', () => {
  const rows = [
    { prediction: 'Yes.', references: ['yes'] },
    { prediction: 'no', references: ['maybe', 'no'] },
  ];
  expect(measure(exactMatch(), rows).score).toBe(0.5);
  expect(measure(exactMatch({ ignoreCase: true, ignorePunctuation: true }), rows).score).toBe(1);
});

it("scores WebNLG's seen and unseen categories on their own", () => {
  const categories = ['Airport', 'Athlete', 'City', 'Politician'];
  const rows = samples.map((sample, index) => ({ ...sample, category: categories[index] ?? '' }));
  const metric = metricNamed('bleu');
  const scores = measureSubsets(metric, rows, ({ category }) => webNlgSubset(category));
  expect([...scores.keys()]).toEqual(['all', 'seen', 'unseen']);
  expect(scores.get('seen')?.score).toBe(measure(metric, [rows[0]!, rows[2]!]).score);
  expect(scores.get('unseen')?.statistics).toHaveLength(2);
});
