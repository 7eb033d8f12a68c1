import {
  createFineTuningJob,
  defaultLearningRates,
  hyperparameterDefaults,
  type lrSchedulerTypes,
  type maskScopes,
  type TrainingMethod,
} from '@prad/contracts';
import type { z } from 'zod';
import { firstOptions, givenOptions, type OptionValue } from './method-fields.js';

/** A number of the form; '' leaves it to the API's default. */
type MaybeNumber = number | '';

/** The form's fields, under the names that the request has for them. */
export interface JobValues {
  readonly model: string;
  readonly training_file: string;
  readonly validation_file: string | null;
  readonly suffix: string;
  readonly adapter: TrainingMethod;
  readonly scope: (typeof maskScopes)[number];
  /** The method's own options. */
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly length: 'epochs' | 'steps';
  readonly n_epochs: MaybeNumber;
  readonly max_steps: MaybeNumber;
  readonly batch_size: MaybeNumber;
  readonly learning_rate: MaybeNumber;
  readonly warmup_ratio: MaybeNumber;
  readonly weight_decay: MaybeNumber;
  readonly max_grad_norm: MaybeNumber;
  readonly max_length: MaybeNumber;
  readonly evaluation_steps: MaybeNumber;
  readonly max_tokens_per_batch: MaybeNumber;
  readonly gradient_accumulation_steps: MaybeNumber;
  readonly label_smoothing_factor: MaybeNumber;
  readonly save_total_limit: MaybeNumber;
  readonly early_stopping_patience: MaybeNumber;
  readonly lr_scheduler_type: (typeof lrSchedulerTypes)[number];
  readonly pack: boolean;
  readonly seed: MaybeNumber;
}

export type JobRequest = z.input<typeof createFineTuningJob>;

const FIRST_METHOD: TrainingMethod = 'adapter';

/** Sensible defaults: those of the API, in sight. */
export function firstValues(model: string, file: string): JobValues {
  const { n_epochs, batch_size, warmup_ratio, weight_decay, max_grad_norm } = hyperparameterDefaults;
  const { gradient_accumulation_steps, label_smoothing_factor, lr_scheduler_type, pack } =
    hyperparameterDefaults;
  return {
    ...{ model, training_file: file, validation_file: null, suffix: '' },
    ...{ adapter: FIRST_METHOD, scope: 'prompt', ...methodDefaults(FIRST_METHOD) },
    ...{ length: 'epochs', n_epochs, max_steps: '', batch_size },
    ...{ warmup_ratio, weight_decay, max_grad_norm, max_length: '', evaluation_steps: '', seed: '' },
    ...{ max_tokens_per_batch: '', save_total_limit: '', early_stopping_patience: '' },
    ...{ gradient_accumulation_steps, label_smoothing_factor, lr_scheduler_type, pack },
  };
}

export function methodDefaults(method: TrainingMethod): Pick<JobValues, 'options' | 'learning_rate'> {
  return { options: firstOptions(method), learning_rate: defaultLearningRates[method] };
}

/** The request that the form stands for; it may be wrong. */
export function toRequest(values: JobValues): JobRequest {
  const { model, training_file, validation_file, suffix, adapter, scope, options } = values;
  const { lr_scheduler_type, pack } = values;
  const hyperparameters = given({
    ...(values.length === 'epochs' ? { n_epochs: values.n_epochs } : { max_steps: values.max_steps }),
    batch_size: values.batch_size,
    learning_rate: values.learning_rate,
    warmup_ratio: values.warmup_ratio,
    weight_decay: values.weight_decay,
    max_grad_norm: values.max_grad_norm,
    max_length: values.max_length,
    evaluation_steps: values.evaluation_steps,
    max_tokens_per_batch: values.max_tokens_per_batch,
    gradient_accumulation_steps: values.gradient_accumulation_steps,
    label_smoothing_factor: values.label_smoothing_factor,
    save_total_limit: values.save_total_limit,
    early_stopping_patience: values.early_stopping_patience,
  });
  // All weights have no positions to choose.
  const prad = { adapter, ...(adapter !== 'full' && { scope }), ...givenOptions(options) };
  return {
    model,
    training_file,
    ...(validation_file === null ? {} : { validation_file }),
    ...(suffix === '' ? {} : { suffix }),
    ...given({ seed: values.seed }),
    method: {
      type: 'prad',
      prad: { ...prad, hyperparameters: { ...hyperparameters, lr_scheduler_type, ...(pack && { pack }) } },
    },
  };
}

/** What the contract has against the values, by the fields at fault. */
export function problemsOf(values: JobValues): Record<string, string> {
  const checked = createFineTuningJob.safeParse(toRequest(values));
  const issues = checked.error?.issues ?? [];
  const problems = Object.fromEntries(
    issues.map(({ path, message }) => [formField(values, fieldOf(path.map(String))), message] as const),
  );
  return {
    ...problems,
    ...(values.training_file === '' ? { training_file: 'choose what to train on' } : {}),
    ...(values.model === '' ? { model: 'choose a base model' } : {}),
    ...(values.length === 'steps' && values.max_steps === '' ? { max_steps: 'say how many steps' } : {}),
  };
}

/** Options of the method stand below one name. */
function formField({ options }: JobValues, field: string): string {
  return field in options ? `options.${field}` : field;
}

/** The form's field of a path in the request, which is the last name in it. */
export function fieldOf(path: readonly string[]): string {
  return path.findLast((part) => !/^\d+$/.test(part)) ?? '';
}

function given(numbers: Readonly<Record<string, MaybeNumber>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(numbers).filter((entry): entry is [string, number] => entry[1] !== ''),
  );
}
