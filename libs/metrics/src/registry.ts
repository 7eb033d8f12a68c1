import { AppError } from '@prad/errors';
import type { Metric } from './metric.js';
import { bleu, bleuMteval } from './scorers/bleu.js';
import { chrf } from './scorers/chrf.js';
import { cider } from './scorers/cider.js';
import { accuracy, exactMatch, f1, matthews } from './scorers/labels.js';
import { calibrationError, perplexity } from './scorers/likelihood.js';
import { meteor } from './scorers/meteor.js';
import { nist } from './scorers/nist.js';
import { rouge, rougeLCaption } from './scorers/rouge.js';
import { ter } from './scorers/ter.js';

/** Metrics that texts alone are enough for. */
const ofTexts = [
  bleu(),
  bleuMteval(),
  nist(),
  meteor(),
  rouge('rouge1'),
  rouge('rouge2'),
  rouge('rougeL'),
  rouge('rougeLsum'),
  rougeLCaption(),
  cider(),
  ter(),
  chrf(),
  chrf({ wordOrder: 2 }),
  accuracy(),
  f1(),
  f1({ average: 'micro' }),
  matthews(),
  exactMatch(),
];
const all = [...ofTexts, perplexity(), calibrationError()];

/** Every metric by name, each with its usual settings; a new one adds its line. */
export const metrics: ReadonlyMap<string, Metric> = new Map(all.map((metric) => [metric.name, metric]));

/** @throws AppError invalid `unknown_metric`, naming those that there are. */
export function metricNamed(name: string): Metric {
  return named(all, name);
}

/** A metric of predictions and references alone. @throws AppError invalid `unknown_metric`, naming those that there are. */
export function textMetricNamed(name: string): Metric {
  return named(ofTexts, name);
}

function named(known: readonly Metric[], name: string): Metric {
  const metric = known.find((one) => one.name === name);
  if (metric) return metric;
  throw new AppError({
    kind: 'invalid',
    code: 'unknown_metric',
    message: `unknown metric ${JSON.stringify(name)}; known are ${known.map((one) => one.name).join(', ')}`,
    details: { metric: name },
  });
}
