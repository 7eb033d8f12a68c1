import type { JsonObject } from '@prad/formats';
import { z } from 'zod';
import type { AdapterArtefact } from '../adapter-artefact.js';
import type { BaseLayout } from '../base-layout.js';
import { FloatTensors } from '../float-tensors.js';
import { commonFields, only, readPeftConfig } from './peft-config.js';
import type { AdapterFiles, ImportedMethod, PeftMethod } from './peft-method.js';
import { unsupported } from './peft-modules.js';

const fields = {
  num_virtual_tokens: z.int().min(1).max(4096),
  // The file holds what the projection makes, so it need not be made again.
  prefix_projection: z.boolean().default(false),
  num_transformer_submodules: only(1, 'a decoder').nullish(),
  num_layers: z.int().nullish(),
  num_attention_heads: z.int().nullish(),
  token_dim: z.int().nullish(),
};

const prefixOptions = z.object({ length: z.int().min(1) });

/**
 * Prefix tuning: `prompt_embeddings` [P, 2 L K D], of which row 2l of [P, 2L, K, D] is layer l's key, already rotated,
 * and row 2l + 1 its value: ours as it is.
 */
export const prefixTuning: PeftMethod = { methods: ['prefix'], actsOnPromptAlone: true, read, write };

function read(json: JsonObject, file: FloatTensors, layout: BaseLayout): ImportedMethod {
  const config = readPeftConfig(json, fields);
  const expected = {
    num_layers: layout.layers,
    num_attention_heads: layout.kvHeads,
    token_dim: width(layout),
  };
  for (const field of ['num_layers', 'num_attention_heads', 'token_dim'] as const) {
    const got = config[field] ?? expected[field];
    if (got !== expected[field])
      throw unsupported(field, `the base has ${String(expected[field])}, got ${String(got)}`);
  }
  const length = config.num_virtual_tokens;
  const weight = file.take('prompt_embeddings', [length, 2 * layout.layers * width(layout)]);
  const options = { length, projection: false, dropout: 0 };
  return { method: 'prefix', options, tensors: new Map([['prefix.weight', weight]]) };
}

/** K D: what a layer's keys of one position take. */
function width({ kvHeads, headDim }: BaseLayout): number {
  return kvHeads * headDim;
}

function write(artefact: AdapterArtefact, layout: BaseLayout): AdapterFiles {
  const { length } = prefixOptions.parse(artefact.options);
  const file = new FloatTensors(artefact.tensors);
  const weight = file.take('prefix.weight', [length, 2 * layout.layers * width(layout)]);
  file.end();
  const config = {
    ...commonFields(artefact.baseModel),
    modules_to_save: null,
    num_attention_heads: layout.kvHeads,
    num_layers: layout.layers,
    num_transformer_submodules: 1,
    num_virtual_tokens: length,
    peft_type: 'PREFIX_TUNING',
    prefix_projection: false,
    token_dim: width(layout),
  };
  return { config, tensors: new Map([['prompt_embeddings', weight]]) };
}
