import type { Architecture, LanguageModel } from './architecture.js';
import { gemma2 } from './gemma2.js';
import { gemma3Text } from './gemma3-text.js';
import { gpt2 } from './gpt2.js';
import { gptNeox } from './gpt-neox.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { phi3 } from './phi3.js';
import { qwen2 } from './qwen2.js';
import { qwen3 } from './qwen3.js';
import { readConfig, unsupportedConfig } from './read-config.js';

function bind<C>(architecture: Architecture<C>, configJson: unknown): LanguageModel {
  const { modelType } = architecture;
  const config = readConfig(modelType, architecture.config, configJson);
  return {
    modelType,
    dimensions: architecture.dimensions(config),
    parameters: architecture.parameters(config),
    sites: architecture.sites(config),
    forward: (at, context) => architecture.forward(at, config, context),
    head: (at, context, hidden) => architecture.head(at, config, context, hidden),
  };
}

/** Every architecture; a new one adds its line. */
const architectures: Readonly<Record<string, (configJson: unknown) => LanguageModel>> = {
  llama: (json) => bind(llama, json),
  gpt2: (json) => bind(gpt2, json),
  mistral: (json) => bind(mistral, json),
  qwen2: (json) => bind(qwen2, json),
  qwen3: (json) => bind(qwen3, json),
  gemma2: (json) => bind(gemma2, json),
  gemma3_text: (json) => bind(gemma3Text, json),
  phi3: (json) => bind(phi3, json),
  gpt_neox: (json) => bind(gptNeox, json),
};

/** The `model_type`s that can be run. */
export const modelTypes: readonly string[] = Object.keys(architectures);

/**
 * The model that a config.json describes.
 * @throws AppError invalid `unsupported_model`, naming the model_type or the fields that are not supported.
 */
export function architectureFor(configJson: unknown): LanguageModel {
  const modelType = modelTypeOf(configJson);
  const found = Object.hasOwn(architectures, modelType) ? architectures[modelType] : undefined;
  if (!found) {
    throw unsupportedConfig(
      `config.json: model_type ${JSON.stringify(modelType)} is not supported; supported are ${modelTypes.join(', ')}`,
      { fields: ['model_type'] },
    );
  }
  return found(configJson);
}

function modelTypeOf(configJson: unknown): string {
  const isObject = typeof configJson === 'object' && configJson !== null;
  const modelType = isObject && 'model_type' in configJson ? configJson.model_type : undefined;
  return typeof modelType === 'string' ? modelType : '';
}
