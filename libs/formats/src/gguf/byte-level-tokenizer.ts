import type { JsonObject } from '../strict-json.js';
import type { GgufMetadata } from './metadata.js';
import { splittings } from './pre-tokenizers.js';
import { addedTokens, postProcessor, readVocabulary, tokenTypes } from './tokenizer-parts.js';

/**
 * A byte-level BPE tokenizer (`tokenizer.ggml.model` "gpt2") as a tokenizer.json.
 * @throws AppError invalid for a `tokenizer.ggml.pre` that is not known: another cut would give other tokens.
 */
export function byteLevelTokenizer(metadata: GgufMetadata): JsonObject {
  const splitting = splittings.get(metadata.text('tokenizer.ggml.pre'));
  if (splitting === undefined) {
    throw metadata.unsupported('tokenizer.ggml.pre', `one of ${[...splittings.keys()].join(', ')}`);
  }
  const vocabulary = readVocabulary(metadata);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens(vocabulary, [tokenTypes.control]),
    normalizer: splitting.normalizer ?? null,
    pre_tokenizer: splitting.preTokenizer,
    post_processor: postProcessor(metadata, vocabulary, splitting.addsBos ?? false),
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: splitting.ignoreMerges ?? false,
      vocab: Object.fromEntries(vocabulary.tokens.map((token, id) => [token, id])),
      merges: metadata.texts('tokenizer.ggml.merges'),
    },
  };
}
