import { AppError } from '@prad/errors';
import type { ZodType } from 'zod';

/** Reads config.json by `schema`; the error names every field that is missing, wrong or not supported. */
export function readConfig<C>(modelType: string, schema: ZodType<C>, configJson: unknown): C {
  const result = schema.safeParse(configJson);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw unsupportedConfig(`config.json of ${modelType}: ${problems.join('; ')}`, {
    fields: result.error.issues.map((issue) => issue.path.join('.')),
  });
}

/** A model that this lib cannot run. */
export function unsupportedConfig(message: string, details: Readonly<Record<string, unknown>>): AppError {
  return new AppError({ kind: 'invalid', code: 'unsupported_model', message, details });
}
