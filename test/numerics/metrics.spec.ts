import { readFileSync } from 'node:fs';
import {
  bleu,
  calibrationError,
  captionTokens,
  chrf,
  comparePaired,
  f1,
  intervalOf,
  measure,
  type Metric,
  metricNamed,
  porterStem,
  rouge,
  type Sample,
  scoreResamples,
  ter,
  tokenisers,
} from '@prad/metrics';
import { describe, expect, it } from 'vitest';

interface Golden {
  readonly corpora: readonly {
    readonly name: string;
    readonly predictions: readonly string[];
    readonly references: readonly (readonly string[])[];
    readonly scores: Readonly<Record<string, { readonly score: number; readonly signature?: string }>>;
  }[];
  readonly sentences: Readonly<Record<string, number>>;
  readonly stems: Readonly<Record<string, string>>;
  readonly tokens: readonly {
    readonly text: string;
    readonly '13a': readonly string[];
    readonly intl: readonly string[];
    readonly caption: readonly string[];
  }[];
  readonly labels: readonly {
    readonly name: string;
    readonly predictions: readonly string[];
    readonly references: readonly string[];
    readonly positive: string;
    readonly accuracy: number;
    readonly f1: number;
    readonly f1_micro: number;
    readonly f1_binary: number;
    readonly matthews: number;
  }[];
  readonly calibration: {
    readonly rows: readonly {
      readonly prediction: string;
      readonly reference: string;
      readonly confidence: number;
    }[];
    readonly bins: Readonly<Record<string, number>>;
  };
  readonly paired: {
    readonly draws: readonly (readonly number[])[];
    readonly metrics: Readonly<
      Record<
        string,
        {
          readonly difference: number;
          readonly p: number;
          readonly p_of_equals: number;
          readonly mean: number;
          readonly half: number;
        }
      >
    >;
  };
}

const golden = JSON.parse(
  readFileSync(new URL('../reference/metrics/golden.json', import.meta.url), 'utf8'),
) as Golden;

/** The metrics with the settings that the golden file names; the others are named as in the registry. */
const variants: Readonly<Record<string, Metric>> = {
  'bleu intl': bleu({ tokenize: 'intl' }),
  'bleu none': bleu({ tokenize: 'none' }),
  'bleu lower': bleu({ lowercase: true }),
  'bleu floor': bleu({ smooth: 'floor' }),
  'bleu add-k': bleu({ smooth: 'add-k' }),
  'bleu unsmoothed': bleu({ smooth: 'none' }),
  'bleu sentence': bleu({ effectiveOrder: true }),
  'chrf++': chrf({ wordOrder: 2 }),
  'chrf lower': chrf({ lowercase: true }),
  'ter cased': ter({ caseSensitive: true }),
  'rouge1 stemmed': rouge('rouge1', { stemmer: true }),
  'rouge2 stemmed': rouge('rouge2', { stemmer: true }),
  'rougeL stemmed': rouge('rougeL', { stemmer: true }),
  'rougeLsum stemmed': rouge('rougeLsum', { stemmer: true }),
};

function samplesOf(predictions: readonly string[], references: readonly (readonly string[])[]): Sample[] {
  return predictions.map((prediction, index) => ({ prediction, references: references[index]! }));
}

const withoutVersion = (signature: string) => signature.replace(/\|version:.*$/, '');

describe.each(golden.corpora)('$name', ({ predictions, references, scores }) => {
  const samples = samplesOf(predictions, references);

  it.each(Object.entries(scores))('%s', (name, expected) => {
    const measured = measure(variants[name] ?? metricNamed(name), samples);
    expect(Math.abs(measured.score - expected.score)).toBeLessThanOrEqual(1e-6);
    if (expected.signature !== undefined) {
      expect(withoutVersion(measured.signature)).toBe(withoutVersion(expected.signature));
    }
  });
});

it('BLEU of single sentences', () => {
  const sentences = bleu({ effectiveOrder: true });
  for (const { name, predictions, references } of golden.corpora) {
    const expected = golden.sentences[name];
    if (expected === undefined) continue;
    const [row] = measure(sentences, samplesOf(predictions, references)).statistics;
    expect(sentences.score(row!), name).toBeCloseTo(expected, 6);
  }
});

describe('tokens', () => {
  it.each(golden.tokens)('$text', ({ text, ...expected }) => {
    expect(tokenisers['13a'](text)).toEqual(expected['13a']);
    expect(tokenisers.intl(text)).toEqual(expected.intl);
    expect(captionTokens(text)).toEqual(expected.caption);
  });
});

it('stems as NLTK does', () => {
  expect(Object.fromEntries(Object.keys(golden.stems).map((word) => [word, porterStem(word)]))).toEqual(
    golden.stems,
  );
});

describe.each(golden.labels)('labels: $name', ({ predictions, references, positive, ...expected }) => {
  const samples = samplesOf(
    predictions,
    references.map((reference) => [reference]),
  );

  it.each(['accuracy', 'f1', 'f1_micro', 'matthews'] as const)('%s', (name) => {
    expect(measure(metricNamed(name), samples).score).toBeCloseTo(expected[name], 9);
  });

  it('f1 of one label', () => {
    expect(measure(f1({ average: 'binary', positive }), samples).score).toBeCloseTo(expected.f1_binary, 9);
  });
});

it.each(Object.entries(golden.calibration.bins))('calibration error in %s bins', (bins, expected) => {
  const samples = golden.calibration.rows.map(({ reference, ...row }) => ({
    ...row,
    references: [reference],
  }));
  expect(measure(calibrationError({ bins: Number(bins) }), samples).score).toBeCloseTo(expected, 9);
});

describe('paired bootstrap', () => {
  const [first, second] = ['first system', 'second system'].map((wanted) =>
    golden.corpora.find(({ name }) => name === wanted)!,
  );

  it.each(Object.entries(golden.paired.metrics))('%s', (name, expected) => {
    const metric = metricNamed(name);
    const [baseline, system] = [first!, second!].map(
      ({ predictions, references }) => measure(metric, samplesOf(predictions, references)).statistics,
    );
    const compared = comparePaired(metric, [baseline!, system!], golden.paired.draws);
    expect(compared.difference).toBeCloseTo(expected.difference, 6);
    expect(compared.pValue).toBeCloseTo(expected.p, 9);
    const interval = intervalOf(scoreResamples(metric, system!, golden.paired.draws));
    expect(interval.mean).toBeCloseTo(expected.mean, 6);
    expect((interval.high - interval.low) / 2).toBeCloseTo(expected.half, 6);
    // The one departure: sacrebleu calls equal systems as different as can be.
    expect(comparePaired(metric, [baseline!, baseline!], golden.paired.draws).pValue).toBe(1);
    expect(expected.p_of_equals).toBe(1 / (golden.paired.draws.length + 1));
  });
});
