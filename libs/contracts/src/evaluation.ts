import { z } from 'zod';
import { beamFields, beamRules } from './beam-search.js';
import { lineProblem, MAX_LINE_PROBLEMS } from './error-body.js';
import { listOf } from './pagination.js';
import { chosenTask, taskChoice } from './task.js';

/** Most models in one evaluation. */
export const MAX_EVALUATED_MODELS = 16;
/** Most resamples of one bootstrap. */
const MAX_RESAMPLES = 10_000;

const modelName = z.string().min(1);

export const labelScorings = ['generation', 'likelihood'] as const;

/** What a request says of an evaluation besides its models. */
const evaluationFields = {
  file: z
    .string()
    .min(1)
    .describe(
      'Id of a file of the task’s rows. Consecutive rows that ask the same are one sample with several references.',
    ),
  task: taskChoice
    .optional()
    .describe(
      'What the rows are; by default what the file was uploaded as, else prompts with completions, or messages.',
    ),
  label_scoring: z
    .enum(labelScorings)
    .default('generation')
    .describe(
      'Of a task with labels: the model writes the label, or the label to which it gives the highest probability is taken.',
    ),
  metrics: z
    .array(z.string().min(1))
    .min(1)
    .max(20)
    .optional()
    .describe(
      'Names of metrics, such as bleu, rougeL, ter or accuracy; win and loss examples are by the first. By default those of the task.',
    ),
  max_tokens: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Most tokens of an answer; by default those of the task, 64 without one.'),
  temperature: z.number().min(0).max(2).optional().describe('0, the default of most tasks, is greedy.'),
  ...beamFields,
  num_beams: beamFields.num_beams.describe(
    'Beam search of this width, which does not sample; by default that of the task where answers are not sampled, 1 without one.',
  ),
  stop: z
    .array(z.string().min(1))
    .max(4)
    .optional()
    .describe('An answer ends before the first of these; by default those of the task.'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .describe('Of sampled answers and of the bootstrap.'),
  limit: z.number().int().min(1).optional().describe('Most samples, from the start of the file.'),
  resamples: z.number().int().min(100).max(MAX_RESAMPLES).default(1000).describe('Of the bootstrap.'),
};

/** Body of `POST /v1/evaluations`. */
export const createEvaluation = z
  .strictObject({
    model: z
      .union([modelName, z.array(modelName).min(1).max(MAX_EVALUATED_MODELS)])
      .describe(
        'A model, or several: base models or adapters. The first one is the baseline of comparisons.',
      ),
    ...evaluationFields,
  })
  .superRefine(beamRules)
  .meta({ id: 'CreateEvaluation' });
export type CreateEvaluation = z.infer<typeof createEvaluation>;

const gateFields = {
  alias: z.string().min(1).describe('Stands for the new version once it has passed, for example production.'),
  metric: z.string().min(1).describe('One of the evaluation’s metrics.'),
  min_improvement: z
    .number()
    .min(0)
    .describe('By how much it must be better at least, on the metric’s own scale; 0: not worse.'),
};
const significance = z
  .number()
  .gt(0)
  .max(0.5)
  .describe('If given, the p-value of the difference must be below it, too.');

/** An evaluation at the end of a fine-tuning job. */
export const createJobEvaluation = z
  .strictObject({
    ...evaluationFields,
    promote: z
      .strictObject({
        adapter: z
          .string()
          .min(1)
          .optional()
          .describe(
            'Adapter of the same base model and method that gets what is trained as its next version; by default it is an adapter of its own.',
          ),
        alias: gateFields.alias,
        metric: gateFields.metric.optional().describe('One of the metrics; by default the first.'),
        min_improvement: gateFields.min_improvement.default(0),
        significance: significance.optional(),
      })
      .optional()
      .describe(
        'Moves an alias of the adapter to what was trained if that is not worse than what the alias stands for, or than the base model where it stands for nothing.',
      ),
  })
  .superRefine(beamRules)
  .meta({ id: 'CreateJobEvaluation' });
export type CreateJobEvaluation = z.infer<typeof createJobEvaluation>;

/** A job's evaluation, and what became of its gate. */
export const jobEvaluation = z
  .object({
    id: z.string().nullable().describe('Of the evaluation; null before the training has ended.'),
    file: z.string(),
    metrics: z.array(z.string()),
    promote: z
      .object({ adapter: z.string().nullable(), ...gateFields, significance: significance.nullable() })
      .nullable(),
  })
  .nullable()
  .describe('What measures the result at the end.');

export const promotion = z
  .object({
    promoted: z.boolean(),
    reason: z.string(),
    adapter: z.string(),
    version: z.number().int(),
    alias: z.string(),
    compared_with: z
      .number()
      .int()
      .nullable()
      .describe('The version that the alias stood for; null for none: the base model.'),
  })
  .nullable()
  .describe('Null without a gate, and while its evaluation has not ended.');

const interval = {
  low: z.number().describe('Lower end of the 95 % interval by bootstrap.'),
  high: z.number(),
};

const evaluationScore = z.object({
  metric: z.string(),
  score: z.number().describe('On the scale of the published scorer.'),
  ...interval,
  higher_is_better: z.boolean(),
  signature: z.string().describe('How it was made: scores compare only where signatures are equal.'),
});

const evaluationComparison = z.object({
  metric: z.string(),
  difference: z.number().describe('The score less that of the first model.'),
  ...interval,
  p_value: z.number().describe('Of the paired bootstrap: how likely such a difference is by chance.'),
  wins: z.number().int().describe('Samples on which it scores better than the first model.'),
  losses: z.number().int(),
  ties: z.number().int(),
});

const evaluationExample = z.object({
  line: z.number().int(),
  references: z.array(z.string()),
  baseline: z.string().describe('What the first model said.'),
  prediction: z.string(),
  baseline_score: z.number(),
  score: z.number(),
});

const evaluatedModel = z.object({
  model: z.string(),
  base_model: z.string(),
  base_digest: z.string().describe('SHA-256 of the base model’s weights.'),
  adapter: z.string().nullable(),
  adapter_version: z.number().int().nullable().describe('What the name stood for when it was submitted.'),
  adapter_digest: z.string().nullable(),
});

/** What came out for one model. */
const modelResult = z.object({
  model: z.string(),
  scores: z.array(evaluationScore),
  comparisons: z.array(evaluationComparison).nullable().describe('With the first model; null for that one.'),
  cut_off: z.number().int().describe('Answers that were as long as max_tokens allows.'),
  empty: z.number().int().describe('Answers without text.'),
  wins: z.array(evaluationExample).describe('Samples that it wins by most, in the first metric.'),
  losses: z.array(evaluationExample),
});

export const evaluationStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;

export const evaluationObject = z
  .object({
    id: z.string(),
    object: z.literal('evaluation'),
    created_at: z.number().int(),
    finished_at: z.number().int().nullable(),
    status: z.enum(evaluationStatuses),
    models: z.array(evaluatedModel),
    file: z.string(),
    file_digest: z.string(),
    task: chosenTask,
    label_scoring: z.enum(labelScorings),
    metrics: z.array(z.string()),
    max_tokens: z.number().int(),
    temperature: z.number(),
    num_beams: z.number().int(),
    length_penalty: z.number().nullable().describe('Of a beam search.'),
    early_stopping: z
      .union([z.boolean(), z.literal('never')])
      .nullable()
      .describe('Of a beam search.'),
    stop: z.array(z.string()),
    seed: z.number().int(),
    limit: z.number().int().nullable(),
    resamples: z.number().int(),
    progress: z.object({ done: z.number().int(), total: z.number().int() }).nullable(),
    error: z.object({ code: z.string(), message: z.string(), param: z.string().nullable() }).nullable(),
    job: z.string().nullable().describe('The fine-tuning job whose result it measures, if any.'),
    code: z
      .object({
        version: z.string(),
        commit: z.string().nullable().describe('Of git, with -dirty behind it where files were changed.'),
      })
      .nullable()
      .describe(
        'The code that scored; null before the end, and a commit that was not known when it was built.',
      ),
    result: z
      .object({
        samples: z.number().int(),
        references: z.number().int(),
        skipped: z.number().int().describe('Rows that were left out since they are not the task’s.'),
        problems: z.array(lineProblem).describe(`The first ${MAX_LINE_PROBLEMS} of them.`),
        models: z.array(modelResult),
      })
      .nullable(),
  })
  .meta({ id: 'Evaluation' });
export type EvaluationObject = z.infer<typeof evaluationObject>;

export const evaluationList = listOf(evaluationObject, 'EvaluationList');
