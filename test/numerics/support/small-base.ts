import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeSafetensors } from '@prad/formats';
import { importBaseModel } from '@prad/models';
import { architectureFor, initialise } from '@prad/nn';

const bundled = join(import.meta.dirname, '../../../bundled/prad-tiny');

/** A small llama with grouped queries. */
export const smallLlama = {
  model_type: 'llama',
  vocab_size: 2048,
  hidden_size: 32,
  intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 128,
  tie_word_embeddings: true,
  initializer_range: 0.3,
};

/** A small model whose weights are stored as [in, out]. */
export const smallGpt2 = {
  model_type: 'gpt2',
  vocab_size: 2048,
  n_embd: 32,
  n_layer: 2,
  n_head: 4,
  n_positions: 128,
  initializer_range: 0.3,
};

/** A Hugging Face folder of a small model with random weights and the bundled tokenizer. */
export async function smallHuggingFaceFolder(seed = 1, config: object = smallLlama): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'prad-small-'));
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    await cp(join(bundled, file), join(folder, file));
  }
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const weights = initialise(architectureFor(config).parameters, seed);
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(weights));
  return folder;
}

/** The same, imported: an engine model folder. */
export async function smallBaseModel(seed = 1): Promise<string> {
  const target = join(await mkdtemp(join(tmpdir(), 'prad-models-')), 'small');
  await mkdir(join(target, '..'), { recursive: true });
  await importBaseModel(await smallHuggingFaceFolder(seed), target);
  return target;
}
