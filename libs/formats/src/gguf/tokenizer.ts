import { invalid } from '../invalid.js';
import type { JsonObject } from '../strict-json.js';
import type { GgufMetadata } from './metadata.js';

export interface RebuiltTokenizer {
  /** As a `tokenizer.json`. */
  readonly tokenizer: JsonObject;
  /** As a `tokenizer_config.json`. */
  readonly tokenizerConfig: JsonObject;
}

const CONTROL = 3;
const USER_DEFINED = 4;

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };

/** llama.cpp's pre-tokenizer names and what the models' own tokenizer.json say. */
const preTokenizers: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  ['gpt-2', byteLevel],
  ['smollm', { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel] }],
]);

/** Rebuilds a byte-level BPE tokenizer. @throws AppError invalid for other tokenizer models and pre-tokenizers. */
export function rebuildTokenizer(metadata: GgufMetadata): RebuiltTokenizer {
  if (metadata.text('tokenizer.ggml.model') !== 'gpt2') {
    throw metadata.unsupported('tokenizer.ggml.model', '"gpt2" (byte-level BPE)');
  }
  const preTokenizer = preTokenizers.get(metadata.text('tokenizer.ggml.pre'));
  if (preTokenizer === undefined) {
    throw metadata.unsupported('tokenizer.ggml.pre', `one of ${[...preTokenizers.keys()].join(', ')}`);
  }
  const tokens = metadata.texts('tokenizer.ggml.tokens');
  const bos = tokenText(metadata, tokens, 'bos');
  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens(metadata, tokens),
      normalizer: null,
      pre_tokenizer: preTokenizer,
      post_processor:
        metadata.flag('tokenizer.ggml.add_bos_token') && bos !== null ? startWith(bos, tokens) : null,
      decoder: byteLevel,
      model: bpe(metadata, tokens),
    },
    tokenizerConfig: {
      tokenizer_class: 'GPT2Tokenizer',
      add_prefix_space: false,
      clean_up_tokenization_spaces: false,
      bos_token: bos,
      eos_token: tokenText(metadata, tokens, 'eos'),
      unk_token: tokenText(metadata, tokens, 'unknown'),
      pad_token: tokenText(metadata, tokens, 'padding'),
      model_max_length: metadata.integer(`${metadata.text('general.architecture')}.context_length`),
      ...optional('chat_template', metadata.optionalText('tokenizer.chat_template')),
    },
  };
}

function bpe(metadata: GgufMetadata, tokens: readonly string[]): JsonObject {
  const vocab = new Map(tokens.map((token, id) => [token, id]));
  if (vocab.size !== tokens.length) {
    throw invalid('gguf_tokenizer', 'tokenizer.ggml.tokens holds a token twice', {
      key: 'tokenizer.ggml.tokens',
    });
  }
  return {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    vocab: Object.fromEntries(vocab),
    merges: metadata.texts('tokenizer.ggml.merges'),
  };
}

function addedTokens(metadata: GgufMetadata, tokens: readonly string[]): JsonObject[] {
  const types = metadata.integers('tokenizer.ggml.token_type');
  if (types.length !== tokens.length) {
    throw metadata.unsupported('tokenizer.ggml.token_type', `as long as the ${tokens.length} tokens`);
  }
  return tokens.flatMap((content, id) => {
    const type = types[id];
    if (type !== CONTROL && type !== USER_DEFINED) return [];
    return [
      {
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: type === CONTROL,
      },
    ];
  });
}

function tokenText(metadata: GgufMetadata, tokens: readonly string[], name: string): string | null {
  const key = `tokenizer.ggml.${name}_token_id`;
  const id = metadata.optionalInteger(key);
  if (id === undefined) return null;
  const token = tokens[id];
  if (token === undefined) throw metadata.unsupported(key, `below the vocabulary size ${tokens.length}`);
  return token;
}

function startWith(bos: string, tokens: readonly string[]): JsonObject {
  const special = { SpecialToken: { id: bos, type_id: 0 } };
  const text = (id: string): JsonObject => ({ Sequence: { id, type_id: 0 } });
  return {
    type: 'TemplateProcessing',
    single: [special, text('A')],
    pair: [special, text('A'), text('B')],
    special_tokens: { [bos]: { id: bos, ids: [tokens.indexOf(bos)], tokens: [bos] } },
  };
}

function optional(key: string, value: unknown): JsonObject {
  return value === undefined ? {} : { [key]: value };
}
