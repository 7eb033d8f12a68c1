import type { JsonObject } from '../strict-json.js';
import type { GgufMetadata } from './metadata.js';
import {
  addedTokens,
  postProcessor,
  readVocabulary,
  tokenText,
  tokenTypes,
  type Vocabulary,
} from './tokenizer-parts.js';

/** How SentencePiece writes a space. */
const SPACE = '\u2581';

/**
 * A SentencePiece BPE tokenizer (`tokenizer.ggml.model` "llama") as a tokenizer.json, the way the models' own are made:
 * merges are recovered from the pieces' scores, and characters without a piece fall back to byte tokens. A space is put
 * before each stretch of text, as SentencePiece, llama.cpp and the tokenizer.json of LLaMA 2 and Mistral do.
 * @throws AppError invalid for a vocabulary without scores, without byte tokens, or without an unknown token.
 */
export function sentencePieceTokenizer(metadata: GgufMetadata): JsonObject {
  const vocabulary = readVocabulary(metadata);
  checkByteTokens(metadata, vocabulary);
  const prefixed =
    !metadata.has('tokenizer.ggml.add_space_prefix') || metadata.flag('tokenizer.ggml.add_space_prefix');
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens(vocabulary, [tokenTypes.control, tokenTypes.unknown]),
    normalizer: normalizer(prefixed),
    pre_tokenizer: null,
    post_processor: postProcessor(metadata, vocabulary, true),
    decoder: decoder(prefixed),
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: unknownToken(metadata, vocabulary),
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary.tokens.map((token, id) => [token, id])),
      merges: mergesFromScores(vocabulary, scores(metadata, vocabulary)),
    },
  };
}

function normalizer(prefixed: boolean): JsonObject {
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: SPACE };
  return {
    type: 'Sequence',
    normalizers: prefixed ? [{ type: 'Prepend', prepend: SPACE }, spaces] : [spaces],
  };
}

function decoder(prefixed: boolean): JsonObject {
  const strip = { type: 'Strip', content: ' ', start: 1, stop: 0 };
  return {
    type: 'Sequence',
    decoders: [
      { type: 'Replace', pattern: { String: SPACE }, content: ' ' },
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      ...(prefixed ? [strip] : []),
    ],
  };
}

/** Without them a character that is no piece would become the unknown token, which the library spells otherwise. */
function checkByteTokens(metadata: GgufMetadata, { tokens }: Vocabulary): void {
  const known = new Set(tokens);
  for (let byte = 0; byte < 256; byte++) {
    if (!known.has(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)) {
      throw metadata.unsupported(
        'tokenizer.ggml.tokens',
        'a vocabulary with all byte tokens <0x00> to <0xFF>',
      );
    }
  }
}

function unknownToken(metadata: GgufMetadata, vocabulary: Vocabulary): string {
  const token = tokenText(metadata, vocabulary, 'unknown') ?? vocabulary.tokens[0];
  if (token === undefined) throw metadata.unsupported('tokenizer.ggml.tokens', 'not empty');
  return token;
}

function scores(metadata: GgufMetadata, { tokens }: Vocabulary): readonly number[] {
  const found = metadata.numbers('tokenizer.ggml.scores');
  if (found.length !== tokens.length) {
    throw metadata.unsupported('tokenizer.ggml.scores', `as long as the ${tokens.length} tokens`);
  }
  return found;
}

interface Merge {
  readonly left: string;
  readonly right: string;
  readonly score: number;
  /** In characters. */
  readonly leftLength: number;
  readonly rightLength: number;
}

/**
 * Every way to cut a piece into two pieces, best score first; of equal scores the longer left part, then the longer
 * right part first, and in the vocabulary's order (`generate_merges` of transformers).
 */
export function mergesFromScores(
  { tokens, types }: Vocabulary,
  scoreOf: readonly number[],
): [string, string][] {
  const mergeable: readonly number[] = [tokenTypes.normal, tokenTypes.userDefined, tokenTypes.unused];
  const pieces = new Map(tokens.map((token, id) => [token, id]));
  const isPiece = (text: string): boolean => mergeable.includes(types[pieces.get(text) ?? -1] ?? 0);
  const merges: Merge[] = [];
  tokens.forEach((token, id) => {
    if (!isPiece(token)) return;
    merges.push(...cuts(token, isPiece, scoreOf[id] ?? 0));
  });
  merges.sort((a, b) => b.score - a.score || b.leftLength - a.leftLength || b.rightLength - a.rightLength);
  return merges.map(({ left, right }) => [left, right]);
}

function cuts(token: string, isPiece: (text: string) => boolean, score: number): Merge[] {
  const characters = Array.from(token);
  const found: Merge[] = [];
  let left = '';
  for (let length = 1; length < characters.length; length++) {
    left += characters[length - 1] ?? '';
    const right = token.slice(left.length);
    if (isPiece(left) && isPiece(right)) {
      found.push({ left, right, score, leftLength: length, rightLength: characters.length - length });
    }
  }
  return found;
}
