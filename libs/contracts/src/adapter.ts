import { z } from 'zod';
import { maskScope } from './adapter-method.js';
import { suffix } from './fine-tuning-job.js';
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

/** A name for one of an adapter's versions: requests ask for `<adapter>@<alias>`. */
export const adapterAlias = z
  .object({
    alias: z.string(),
    object: z.literal('adapter.alias'),
    version: z.number().int(),
    previous_version: z
      .number()
      .int()
      .nullable()
      .describe('The version that it stood for before, to roll back to; null for none.'),
    updated_at: z.number().int(),
  })
  .meta({ id: 'AdapterAlias' });
export type AdapterAliasObject = z.infer<typeof adapterAlias>;

export const adapterAliasList = z
  .object({ object: z.literal('list'), data: z.array(adapterAlias) })
  .meta({ id: 'AdapterAliasList' });

export const setAdapterAlias = z
  .strictObject({
    alias: z
      .string()
      .describe('1 to 63 of the characters a-z, 0-9, _ and -, the first a letter; not `latest`.'),
    version: z
      .number()
      .int()
      .min(1)
      .max(2 ** 31 - 1)
      .describe('What it stands for from now on; requests that were admitted keep theirs.'),
  })
  .meta({ id: 'SetAdapterAlias' });
export type SetAdapterAlias = z.infer<typeof setAdapterAlias>;

export const adapterAliasDeletion = z
  .object({ alias: z.string(), object: z.literal('adapter.alias'), deleted: z.literal(true) })
  .meta({ id: 'AdapterAliasDeletion' });

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
    aliases: z.array(adapterAlias),
  })
  .meta({ id: 'Adapter' });
export type AdapterObject = z.infer<typeof adapterObject>;

export const adapterList = listOf(adapterObject, 'AdapterList');

/** Fields of the form that imports an adapter, besides its two files. */
export const importAdapterFields = z.strictObject({
  model: z.string().min(1).describe('Name of the base model that it belongs to.'),
  scope: maskScope
    .optional()
    .describe(
      'Positions that an adapter of PEFT’s acts on; by default all, as in PEFT. Ours keep their own.',
    ),
  adapter: z
    .string()
    .min(1)
    .optional()
    .describe('An adapter of which this becomes the next version; by default it is an adapter of its own.'),
  suffix: suffix.optional().describe('Part of the adapter’s name: ft:<base>:<suffix>:<tag>.'),
});
export type ImportAdapterFields = z.infer<typeof importAdapterFields>;

const binary = z.string().meta({ format: 'binary' });

/** The form as documentation shows it; its files are read as streams. */
export const importAdapterForm = importAdapterFields.extend({
  adapter_config: binary.describe('adapter_config.json of PEFT, or of an export in the format prad.'),
  adapter_model: binary.describe('adapter_model.safetensors.'),
});

/** Files of an adapter's folder, PEFT's layout. */
export const adapterFileNames = ['adapter_config.json', 'adapter_model.safetensors'] as const;
export const adapterFileName = z.enum(adapterFileNames);
export type AdapterFileName = z.infer<typeof adapterFileName>;

/** `peft` for what PEFT has a form of, `prad` for all. */
export const adapterFormats = ['peft', 'prad'] as const;
export const adapterExportQuery = z.strictObject({ format: z.enum(adapterFormats).default('peft') });
export type AdapterExportQuery = z.infer<typeof adapterExportQuery>;
