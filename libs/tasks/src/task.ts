import type { JsonObject, Prompt, TextPiece, TrainingExample } from '@prad/formats';
import { textMetricNamed } from '@prad/metrics';

/** Whether a row is read to train on or to be asked; some templates cut the two differently. */
export type Purpose = 'train' | 'test';

/** Plain words, or special tokens that an adapter has rows for. */
export const templateNames = ['plain', 'special'] as const;
export type TemplateName = (typeof templateNames)[number];

/** How answers are generated unless a request says otherwise. */
export interface Decoding {
  /** Beams of the published protocol. */
  readonly numBeams: number;
  /** Most tokens of an answer. */
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  /** An answer ends before the first of these. */
  readonly stop: readonly string[];
}

/** How the parts of a row are written as prompt and answer. */
export interface Template<Parts> {
  readonly prompt: (parts: Parts, purpose: Purpose) => Prompt;
  readonly answer: (parts: Parts) => TextPiece;
  readonly numBeams: number;
}

/** What a task is defined by; `Parts` is what it reads of a row. */
export interface TaskDefinition<Parts> {
  /** Public name, as `sst2`. */
  readonly name: string;
  readonly description: string;
  /** A row as its files have it. */
  readonly example: JsonObject;
  /** @throws AppError invalid of `fault` for a row that is not the task's; the labels are those that the task has or was given. */
  readonly parts: (row: JsonObject, labels: readonly string[] | undefined) => Parts;
  readonly plain: Template<Parts>;
  readonly special?: Template<Parts> & { readonly tokens: readonly string[] };
  /** All that an answer can be; `given`: whoever uses the task names them. */
  readonly labels?: readonly string[] | 'given';
  /** Names of metrics of texts, the most telling one first. */
  readonly metrics: readonly string[];
  readonly maxTokens: number;
  /** 0 by default. */
  readonly temperature?: number;
  readonly stop?: readonly string[];
}

/** What a row of some file format is: a prompt and its answer; and how answers are generated and scored. */
export interface Task {
  readonly name: string;
  readonly description: string;
  readonly example: JsonObject;
  readonly templates: readonly TemplateName[];
  /** Texts that become tokens of their own where the template is `special`. */
  readonly specialTokens: readonly string[];
  readonly labels: readonly string[] | 'given' | undefined;
  readonly metrics: readonly string[];
  readonly decoding: (template: TemplateName) => Decoding;
  /** @throws AppError invalid with `details.field` and no line. */
  readonly read: (row: JsonObject, reading: Reading) => TrainingExample;
}

export interface Reading {
  readonly template: TemplateName;
  readonly purpose: Purpose;
  /** For tasks whose labels are `given`; absent: any label is taken. */
  readonly labels?: readonly string[] | undefined;
}

/** A task. @throws AppError invalid `unknown_metric`. */
export function defineTask<Parts>(definition: TaskDefinition<Parts>): Task {
  const { parts, plain, special, labels, metrics, maxTokens, temperature = 0, stop = [] } = definition;
  const { name, description, example } = definition;
  for (const metric of metrics) textMetricNamed(metric);
  const templateOf = (name: TemplateName) => (name === 'special' && special ? special : plain);
  return {
    ...{ name, description, example, labels, metrics },
    templates: special ? templateNames : ['plain'],
    specialTokens: special?.tokens ?? [],
    decoding: (template) => ({ numBeams: templateOf(template).numBeams, maxTokens, temperature, stop }),
    read: (row, { template, purpose, labels: given }) => {
      const read = parts(row, labels === 'given' ? given : labels);
      const { prompt, answer } = templateOf(template);
      return { prompt: prompt(read, purpose), answer: answer(read) };
    },
  };
}
