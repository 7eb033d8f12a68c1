import { CHAT_TEMPLATE } from './chat-template.js';
import { END_OF_TEXT, SPECIAL_TOKENS } from './special-tokens.js';
import type { BytePairModel } from './train-bpe.js';

/** The content of a Hugging Face `tokenizer.json` for a byte-level BPE. */
export function tokenizerJson(model: BytePairModel): string {
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(model.tokens.map((token, id) => [token, id])),
      merges: model.merges.map(([left, right]) => `${left} ${right}`),
    },
  };
  return `${JSON.stringify(json, null, 1)}\n`;
}

/** The content of the `tokenizer_config.json` that goes with it. */
export function tokenizerConfigJson(contextLength: number): string {
  const json = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: contextLength,
    add_bos_token: false,
    add_eos_token: false,
    add_prefix_space: false,
    clean_up_tokenization_spaces: false,
    bos_token: END_OF_TEXT,
    eos_token: END_OF_TEXT,
    pad_token: END_OF_TEXT,
    unk_token: END_OF_TEXT,
    chat_template: CHAT_TEMPLATE,
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}
