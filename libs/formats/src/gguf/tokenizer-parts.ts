import { invalid } from '../invalid.js';
import type { JsonObject } from '../strict-json.js';
import type { GgufMetadata } from './metadata.js';

/** `enum llama_token_type` of llama.cpp. */
export const tokenTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

export interface Vocabulary {
  readonly tokens: readonly string[];
  /** By id, of `tokenTypes`. */
  readonly types: readonly number[];
}

/** @throws AppError invalid for a vocabulary with a token twice or types that do not fit it. */
export function readVocabulary(metadata: GgufMetadata): Vocabulary {
  const tokens = metadata.texts('tokenizer.ggml.tokens');
  if (new Set(tokens).size !== tokens.length) {
    throw invalid('gguf_tokenizer', 'tokenizer.ggml.tokens holds a token twice', {
      key: 'tokenizer.ggml.tokens',
    });
  }
  const types = metadata.integers('tokenizer.ggml.token_type');
  if (types.length !== tokens.length) {
    throw metadata.unsupported('tokenizer.ggml.token_type', `as long as the ${tokens.length} tokens`);
  }
  return { tokens, types };
}

/** Tokens that are found in a text as they stand: special ones of the given types, and the user-defined. */
export function addedTokens({ tokens, types }: Vocabulary, special: readonly number[]): JsonObject[] {
  const added = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return tokens.flatMap((content, id) => {
    const type = types[id] ?? 0;
    const isSpecial = special.includes(type);
    return isSpecial || type === tokenTypes.userDefined
      ? [{ id, content, ...added, special: isSpecial }]
      : [];
  });
}

/** The text of the token that `tokenizer.ggml.<name>_token_id` names. */
export function tokenText(metadata: GgufMetadata, { tokens }: Vocabulary, name: string): string | null {
  const key = `tokenizer.ggml.${name}_token_id`;
  const id = metadata.optionalInteger(key);
  if (id === undefined) return null;
  const token = tokens[id];
  if (token === undefined) throw metadata.unsupported(key, `below the vocabulary size ${tokens.length}`);
  return token;
}

/**
 * What puts the begin and the end token around a text, where the file says so.
 * @param addsBos where it does not say about the begin token.
 */
export function postProcessor(
  metadata: GgufMetadata,
  vocabulary: Vocabulary,
  addsBos: boolean,
): JsonObject | null {
  const wantsBos = metadata.has('tokenizer.ggml.add_bos_token')
    ? metadata.flag('tokenizer.ggml.add_bos_token')
    : addsBos;
  const bos = wantsBos ? tokenText(metadata, vocabulary, 'bos') : null;
  const eos = metadata.flag('tokenizer.ggml.add_eos_token') ? tokenText(metadata, vocabulary, 'eos') : null;
  if (bos === null && eos === null) return null;
  const special = (id: string | null): JsonObject[] =>
    id === null ? [] : [{ SpecialToken: { id, type_id: 0 } }];
  const text = (id: string): JsonObject => ({ Sequence: { id, type_id: 0 } });
  const used = [bos, eos].filter((token) => token !== null);
  return {
    type: 'TemplateProcessing',
    single: [...special(bos), text('A'), ...special(eos)],
    pair: [...special(bos), text('A'), text('B'), ...special(eos)],
    special_tokens: Object.fromEntries(
      used.map((token) => [token, { id: token, ids: [vocabulary.tokens.indexOf(token)], tokens: [token] }]),
    ),
  };
}

/** A `tokenizer_config.json` with the named tokens, the context length and the chat template. */
export function tokenizerConfig(
  metadata: GgufMetadata,
  vocabulary: Vocabulary,
  tokenizerClass: string,
): JsonObject {
  const template = metadata.optionalText('tokenizer.chat_template');
  return {
    tokenizer_class: tokenizerClass,
    clean_up_tokenization_spaces: false,
    bos_token: tokenText(metadata, vocabulary, 'bos'),
    eos_token: tokenText(metadata, vocabulary, 'eos'),
    unk_token: tokenText(metadata, vocabulary, 'unknown'),
    pad_token: tokenText(metadata, vocabulary, 'padding'),
    model_max_length: metadata.integer(`${metadata.text('general.architecture')}.context_length`),
    ...(template === undefined ? {} : { chat_template: template }),
  };
}
