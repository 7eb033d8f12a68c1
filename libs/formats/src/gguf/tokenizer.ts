import type { JsonObject } from '../strict-json.js';
import { byteLevelTokenizer } from './byte-level-tokenizer.js';
import type { GgufMetadata } from './metadata.js';
import { sentencePieceTokenizer } from './sentencepiece-tokenizer.js';
import { readVocabulary, tokenizerConfig } from './tokenizer-parts.js';

export interface RebuiltTokenizer {
  /** As a `tokenizer.json`. */
  readonly tokenizer: JsonObject;
  /** As a `tokenizer_config.json`. */
  readonly tokenizerConfig: JsonObject;
}

/** By `tokenizer.ggml.model`. */
const families = new Map([
  ['gpt2', { rebuild: byteLevelTokenizer, tokenizerClass: 'GPT2Tokenizer' }],
  ['llama', { rebuild: sentencePieceTokenizer, tokenizerClass: 'LlamaTokenizer' }],
]);

/** Rebuilds the tokenizer of a GGUF file. @throws AppError invalid for families and rules that are not known. */
export function rebuildTokenizer(metadata: GgufMetadata): RebuiltTokenizer {
  const family = families.get(metadata.text('tokenizer.ggml.model'));
  if (family === undefined) {
    throw metadata.unsupported(
      'tokenizer.ggml.model',
      '"gpt2" (byte-level BPE) or "llama" (SentencePiece BPE)',
    );
  }
  return {
    tokenizer: family.rebuild(metadata),
    tokenizerConfig: tokenizerConfig(metadata, readVocabulary(metadata), family.tokenizerClass),
  };
}
