export {
  bootstrapInterval,
  type BootstrapOptions,
  type Comparison,
  comparePaired,
  type Interval,
  intervalOf,
  pairedBootstrap,
  scoreResamples,
  type Statistics,
} from './bootstrap.js';
export {
  addRows,
  defineMeanMetric,
  defineMetric,
  measure,
  type Measurement,
  type Metric,
  type Sample,
} from './metric.js';
export { metricNamed, metrics, textMetricNamed } from './registry.js';
export { bleu, type BleuOptions, type Smoothing } from './scorers/bleu.js';
export { chrf, type ChrfOptions } from './scorers/chrf.js';
export { exactMatch, type ExactMatchOptions, f1, type F1Options } from './scorers/labels.js';
export { calibrationError } from './scorers/likelihood.js';
export { rouge, type RougeName, type RougeOptions } from './scorers/rouge.js';
export { ter, type TerOptions } from './scorers/ter.js';
export { measureSubsets, webNlgSubset } from './subsets.js';
export { captionTokens } from './text/caption-tokens.js';
export { porterStem } from './text/porter-stemmer.js';
export { type Tokeniser, type TokeniserName, tokenisers } from './text/tokenisers.js';
