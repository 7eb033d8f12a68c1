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
  num_transformer_submodules: only(1, 'a decoder').nullish(),
  num_layers: z.int().nullish(),
  num_attention_heads: z.int().nullish(),
  token_dim: z.int().nullish(),
};

const promptOptions = z.object({ length: z.int().min(1) });

/** Prompt tuning: `prompt_embeddings` [P, E], the embeddings of soft tokens before all others: ours as it is. */
export const promptTuning: PeftMethod = { methods: ['prompt'], actsOnPromptAlone: true, read, write };

function read(json: JsonObject, file: FloatTensors, { hiddenSize }: BaseLayout): ImportedMethod {
  const { num_virtual_tokens: length, token_dim } = readPeftConfig(json, fields);
  const dim = token_dim ?? hiddenSize;
  if (dim !== hiddenSize) throw unsupported('token_dim', `the base has ${hiddenSize}, got ${dim}`);
  const weight = file.take('prompt_embeddings', [length, hiddenSize]);
  return { method: 'prompt', options: { length }, tensors: new Map([['prompt.weight', weight]]) };
}

function write(artefact: AdapterArtefact, layout: BaseLayout): AdapterFiles {
  const { length } = promptOptions.parse(artefact.options);
  const file = new FloatTensors(artefact.tensors);
  const weight = file.take('prompt.weight', [length, layout.hiddenSize]);
  file.end();
  const config = {
    ...commonFields(artefact.baseModel),
    modules_to_save: null,
    num_attention_heads: layout.heads,
    num_layers: layout.layers,
    num_transformer_submodules: 1,
    num_virtual_tokens: length,
    peft_type: 'PROMPT_TUNING',
    prompt_tuning_init: 'RANDOM',
    token_dim: layout.hiddenSize,
  };
  return { config, tensors: new Map([['prompt_embeddings', weight]]) };
}
