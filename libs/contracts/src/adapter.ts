import { z } from 'zod';
import { listOf } from './pagination.js';

export const adapterVersion = z
  .object({
    version: z.number().int(),
    digest: z.string(),
    bytes: z.number().int(),
    created_at: z.number().int(),
    job: z.string().nullable().describe('The fine-tuning job that made it.'),
    training_file: z.string().nullable(),
  })
  .meta({ id: 'AdapterVersion' });

/** A trained adapter with where it comes from. It is deleted as a model: `DELETE /v1/models/{id}`. */
export const adapterObject = z
  .object({
    id: z.string(),
    object: z.literal('adapter'),
    created_at: z.number().int(),
    base: z.string(),
    method: z.string(),
    scope: z.string(),
    options: z.record(z.string(), z.unknown()),
    parameters: z.number().int(),
    task: z.string().nullable(),
    in_use: z.boolean().describe('Whether a request that has not ended asks for it.'),
    versions: z.array(adapterVersion).describe('Newest first.'),
  })
  .meta({ id: 'Adapter' });
export type AdapterObject = z.infer<typeof adapterObject>;

export const adapterList = listOf(adapterObject, 'AdapterList');
