import { z } from 'zod';
import type { JsonObject } from '@prad/formats';
import { unsupported } from './peft-modules.js';

/** Fields that say where an adapter comes from or how it began, not what it computes. */
const withoutEffect = new Set([
  'auto_mapping',
  'base_model_name_or_path',
  'inference_mode',
  'peft_version',
  'revision',
  // How a training begins, shares or plans its weights.
  'init_ia3_weights',
  'init_weights',
  'prompt_tuning_init',
  'prompt_tuning_init_text',
  'tokenizer_kwargs',
  'tokenizer_name_or_path',
  'encoder_hidden_size',
  // Sizes of variants that a field of their own switches on.
  'megatron_core',
  'qalora_group_size',
]);

/** Fields of every method. */
const everyMethod = {
  task_type: only('CAUSAL_LM', 'only language models are served').nullish(),
};

/** A field that is supported with one value only. */
export function only<const T extends string | number>(value: T, reason: string): z.ZodLiteral<T> {
  return z.literal(value, {
    error: (issue) => `only ${JSON.stringify(value)} is supported (${reason}), got ${short(issue.input)}`,
  });
}

/**
 * Reads a method's fields of adapter_config.json. A field that is not among `fields` must be without effect: of the
 * list above, or null, false or empty, as PEFT writes what is not used.
 * @throws AppError invalid `unsupported_adapter_config`, naming the field.
 */
export function readPeftConfig<Shape extends z.ZodRawShape>(
  config: JsonObject,
  fields: Shape,
): z.output<z.ZodObject<Shape>> {
  const known = z.looseObject({ ...everyMethod, ...fields });
  const result = known.safeParse(config);
  const [issue] = result.error?.issues ?? [];
  if (issue !== undefined) throw unsupported(issue.path.join('.'), issue.message);
  for (const [field, value] of Object.entries(config)) {
    if (field === 'peft_type' || field in known.shape || withoutEffect.has(field) || isEmpty(value)) continue;
    throw unsupported(field, `not supported, got ${short(value)}`);
  }
  return result.data as unknown as z.output<z.ZodObject<Shape>>;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function short(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

/** Names of modules; a pattern would have to be run against the model. */
export const moduleNames = z
  .array(
    z
      .string()
      .regex(/^[\w.]+$/, { error: 'names of modules expected, no patterns' })
      .max(200),
    {
      error: (issue) => `a list of names of modules expected, got ${short(issue.input)}`,
    },
  )
  .min(1, { error: 'at least one name of a module expected' })
  .max(1000);

/** What PEFT writes in every file. */
export function commonFields(baseModel: string): JsonObject {
  return {
    auto_mapping: null,
    base_model_name_or_path: baseModel,
    inference_mode: true,
    revision: null,
    task_type: 'CAUSAL_LM',
  };
}
