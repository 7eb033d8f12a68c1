import { join } from 'node:path';
import type { ModelSource } from '../model-source.js';
import type { JsonObject } from '../strict-json.js';
import { readJsonFile, readOptionalJsonFile, readOptionalTextFile } from './read-json-file.js';
import { openWeights } from './weight-files.js';

const LARGEST_CONFIG = 10_000_000;
const LARGEST_TOKENIZER = 100_000_000;

/** `tokenizer_config.json`, with the template that newer models keep in `chat_template.jinja`. */
async function readTokenizerConfig(folder: string): Promise<JsonObject> {
  const config = await readOptionalJsonFile(join(folder, 'tokenizer_config.json'), LARGEST_CONFIG);
  const template = await readOptionalTextFile(join(folder, 'chat_template.jinja'), LARGEST_CONFIG);
  return template === undefined ? (config ?? {}) : { ...config, chat_template: template };
}

/**
 * Opens a Hugging Face model folder: config.json, tokenizer.json and safetensors weights are needed,
 * generation_config.json and tokenizer_config.json are read where they exist.
 * @throws AppError notFound naming the file that is missing, or invalid.
 */
export async function openModelFolder(folder: string): Promise<ModelSource> {
  const config = await readJsonFile(join(folder, 'config.json'), LARGEST_CONFIG);
  const tokenizer = await readJsonFile(join(folder, 'tokenizer.json'), LARGEST_TOKENIZER);
  const tokenizerConfig = await readTokenizerConfig(folder);
  const generationConfig = await readOptionalJsonFile(join(folder, 'generation_config.json'), LARGEST_CONFIG);
  const { tensors, close } = await openWeights(folder);
  return {
    config,
    tokenizer,
    tokenizerConfig,
    tensors,
    close,
    ...(generationConfig === undefined ? {} : { generationConfig }),
  };
}
