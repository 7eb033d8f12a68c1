import { z } from 'zod';
import { createJobEvaluation, jobEvaluation, promotion } from './evaluation.js';
import { fineTuningMethod } from './fine-tuning-method.js';
import { lrSchedulerTypes } from './hyperparameters.js';
import { neutralList } from './neutral.js';
import { listOf, listQuery } from './pagination.js';
import { PRIORITIES } from './sampling.js';
import { chosenTask, taskChoice } from './task.js';

export const fineTuningJobStatus = z.enum([
  'validating_files',
  'queued',
  'running',
  'paused',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
]);

const metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((labels) => Object.keys(labels).length <= 16, '`metadata` holds at most 16 labels');

/** What a caller may put into an adapter's name. */
export const suffix = z
  .string()
  .regex(/^[a-z0-9-]{1,64}$/, '`suffix` must be 1 to 64 characters of a-z, 0-9 and dash');

/** Body of `POST /v1/fine_tuning/jobs`. */
export const createFineTuningJob = z
  .strictObject({
    model: z.string().min(1).describe('Name of a base model.'),
    training_file: z.string().min(1),
    validation_file: z.string().min(1).nullish(),
    task: taskChoice
      .nullish()
      .describe('What the rows of both files are; by default what the training file was uploaded as.'),
    suffix: suffix
      .nullish()
      .describe('Part of the name: ft:<base>:<suffix>:<tag>, or <base>-<suffix>-<tag> of `full`.'),
    seed: z.number().int().min(0).max(2_147_483_647).nullish().describe('Drawn at random where absent.'),
    method: fineTuningMethod.prefault({ type: 'prad' }),
    evaluation: createJobEvaluation
      .nullish()
      .describe('Measures the result at the end, and promotes it if asked to.'),
    metadata: metadata.nullish(),
    priority: z
      .number()
      .int()
      .min(PRIORITIES.min)
      .max(PRIORITIES.max)
      .nullish()
      .describe('Waiting jobs with lower numbers are trained first, from -100 to 100; default 0.'),
    integrations: neutralList('integrations'),
    hyperparameters: z
      .null({ error: '`hyperparameters` belong under method.prad.hyperparameters' })
      .optional(),
  })
  .refine(({ method, validation_file: file }) => typeof file === 'string' || !stopsEarly(method), {
    message: 'early_stopping_patience needs a validation_file, whose loss it watches',
    path: ['method', 'prad', 'hyperparameters', 'early_stopping_patience'],
  })
  .refine(({ method: { prad } }) => prad.hyperparameters.pack !== true || isPackable(prad), {
    message:
      'full, and special tokens that are rows of the head (special_tokens_tied), do not train in a pack',
    path: ['method', 'prad', 'hyperparameters', 'pack'],
  })
  .refine(({ evaluation, method: { prad } }) => !evaluation?.promote || prad.adapter !== 'full', {
    message: 'full makes a base model, which has no aliases to promote it with',
    path: ['evaluation', 'promote'],
  })
  .meta({ id: 'CreateFineTuningJob' });
export type CreateFineTuningJob = z.infer<typeof createFineTuningJob>;

function stopsEarly({ prad }: z.infer<typeof fineTuningMethod>): boolean {
  return prad.hyperparameters.early_stopping_patience !== undefined;
}

function isPackable(prad: z.infer<typeof fineTuningMethod>['prad']): boolean {
  return prad.adapter !== 'full' && !prad.special_tokens_tied;
}

/** The settings that a job trains with, defaults filled in. */
const resolvedHyperparameters = z.object({
  n_epochs: z.number().nullable(),
  max_steps: z.number().nullable(),
  batch_size: z.number(),
  max_tokens_per_batch: z.number().nullable(),
  group_by_length: z.boolean(),
  gradient_accumulation_steps: z.number(),
  pack: z.boolean(),
  learning_rate: z.number(),
  lr_scheduler_type: z.enum(lrSchedulerTypes),
  warmup_ratio: z.number(),
  warmup_steps: z.number().nullable(),
  weight_decay: z.number(),
  max_grad_norm: z.number(),
  label_smoothing_factor: z.number(),
  max_length: z.number(),
  evaluation_steps: z.number().nullable().describe('Null: once an epoch.'),
  save_steps: z.number().nullable().describe('Null: with every validation.'),
  save_total_limit: z.number().nullable(),
  early_stopping_patience: z.number().nullable(),
  early_stopping_threshold: z.number().nullable(),
  data_seed: z.number().nullable(),
  dropout_seed: z.number().nullable(),
});

export const fineTuningJob = z
  .object({
    id: z.string(),
    object: z.literal('fine_tuning.job'),
    created_at: z.number().int(),
    finished_at: z.number().int().nullable(),
    status: fineTuningJobStatus,
    model: z.string(),
    fine_tuned_model: z
      .string()
      .nullable()
      .describe('Name of the trained adapter, or of the base model that `full` made.'),
    training_file: z.string(),
    validation_file: z.string().nullable(),
    suffix: z.string().nullable(),
    user_provided_suffix: z.string().nullable(),
    seed: z.number().int(),
    trained_tokens: z.number().int().nullable(),
    organization_id: z.string(),
    result_files: z.array(z.string()),
    error: z.object({ code: z.string(), message: z.string(), param: z.string().nullable() }).nullable(),
    hyperparameters: z.object({
      n_epochs: z.union([z.number(), z.literal('auto')]),
      batch_size: z.number(),
      learning_rate_multiplier: z.literal('auto'),
    }),
    method: z.object({
      type: z.literal('prad'),
      prad: z.looseObject({
        adapter: z.string(),
        scope: z.string(),
        // The method's own options, defaults filled in, stand beside these under their names in the request.
        hyperparameters: resolvedHyperparameters,
      }),
    }),
    metadata: z.record(z.string(), z.string()),
    integrations: z.array(z.unknown()),
    prad: z.object({
      task: chosenTask,
      progress: z.object({ step: z.number().int(), total: z.number().int() }).nullable(),
      warnings: z.array(z.string()).describe('What the submitter should know of.'),
      priority: z.number().int(),
      cancel_requested: z.boolean(),
      pause_requested: z.boolean(),
      attempts: z.number().int(),
      started_at: z.number().int().nullable(),
      evaluation: jobEvaluation,
      promotion,
    }),
  })
  .meta({ id: 'FineTuningJob' });
export type FineTuningJobObject = z.infer<typeof fineTuningJob>;

export const fineTuningJobListQuery = listQuery.extend({
  status: fineTuningJobStatus.optional(),
  model: z.string().min(1).optional().describe('Name of a base model.'),
});
export type FineTuningJobListQuery = z.infer<typeof fineTuningJobListQuery>;

export const fineTuningJobList = listOf(fineTuningJob, 'FineTuningJobList');
