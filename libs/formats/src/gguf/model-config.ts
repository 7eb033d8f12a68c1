import type { JsonObject } from '../strict-json.js';
import { ggufFamilies, type GgufFamily } from './families.js';
import { positive, type FamilyFacts } from './family-facts.js';
import type { GgufMetadata } from './metadata.js';

/** The family of a file. @throws AppError invalid for an architecture that is not known. */
export function familyOf(metadata: GgufMetadata): GgufFamily {
  const architecture = metadata.text('general.architecture');
  const family = Object.hasOwn(ggufFamilies, architecture) ? ggufFamilies[architecture] : undefined;
  if (family) return family;
  throw metadata.unsupported('general.architecture', `one of ${Object.keys(ggufFamilies).join(', ')}`);
}

/**
 * A Hugging Face `config.json`.
 * @throws AppError invalid for a variant that would compute something else.
 */
export function modelConfig(family: GgufFamily, facts: FamilyFacts): JsonObject & { vocab_size: number } {
  const { metadata, tensors, key } = facts;
  if ((metadata.optionalInteger(key('expert_count')) ?? 0) !== 0) {
    throw metadata.unsupported(key('expert_count'), '0');
  }
  return {
    model_type: family.modelType,
    vocab_size: tensors.get('token_embd.weight')?.shape[0] ?? positive(metadata, key('vocab_size')),
    torch_dtype: 'float32',
    ...family.config(facts),
    ...tokenIds(metadata),
  };
}

function tokenIds(metadata: GgufMetadata): JsonObject {
  const ids = { bos_token_id: 'bos', eos_token_id: 'eos', pad_token_id: 'padding' };
  const found = Object.entries(ids).map(([field, name]) => [
    field,
    metadata.optionalInteger(`tokenizer.ggml.${name}_token_id`) ?? null,
  ]);
  return Object.fromEntries(found) as JsonObject;
}
