import { AppError } from '@prad/errors';
import { z, type ZodType } from 'zod';

/** Checkpoints of GPTQ, AWQ, FP8 and the like hold numbers that only their own kernels read. */
const plainWeights = z.object({
  quantization_config: z.null({ error: 'quantised checkpoints are not supported' }).optional(),
});

/** Reads config.json by `schema`; the error names every field that is missing, wrong or not supported. */
export function readConfig<C>(modelType: string, schema: ZodType<C>, configJson: unknown): C {
  const result = schema.safeParse(configJson);
  const issues = [plainWeights.safeParse(configJson), result].flatMap(({ error }) => error?.issues ?? []);
  if (result.success && issues.length === 0) return result.data;
  const problems = issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw unsupportedConfig(`config.json of ${modelType}: ${problems.join('; ')}`, {
    fields: issues.map((issue) => issue.path.join('.')),
  });
}

/** A model that this lib cannot run. */
export function unsupportedConfig(message: string, details: Readonly<Record<string, unknown>>): AppError {
  return new AppError({ kind: 'invalid', code: 'unsupported_model', message, details });
}
