import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSafetensors } from '@prad/formats';
import { architectureFor, initialise } from '@prad/nn';

const root = join(import.meta.dirname, '../../..');

/** A llama of 100,000 weights with the bundled tokenizer: too small to say anything, large enough to be trained. */
export const tinyConfig = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 2048,
  hidden_size: 32,
  intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 8,
  hidden_act: 'silu',
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
  bos_token_id: 0,
  eos_token_id: 0,
};

/** Writes the model as a Hugging Face folder. */
export async function writeTinyModel(folder: string, seed = 1): Promise<void> {
  await mkdir(folder, { recursive: true });
  const tensors = initialise(architectureFor(tinyConfig).parameters, seed);
  await writeFile(join(folder, 'config.json'), JSON.stringify(tinyConfig));
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tensors, { format: 'pt' }));
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(join(root, 'bundled/prad-tiny', name), join(folder, name));
  }
}
