import { AppError } from '@prad/errors';
import { invalid, reasonOf } from '../invalid.js';
import { isJsonObject, type JsonObject } from '../strict-json.js';
import {
  checkTokenizerJson,
  tokenizerParts,
  wrongField,
  type CheckedTokenizer,
} from './check-tokenizer-json.js';
import { keepByteOrderMarks } from './exact-decoder.js';
import { exactPreTokenizer } from './exact-pre-tokenizer.js';
import { LibraryTokenizer } from './library.js';
import { namedToken } from './named-token.js';
import { tokenBytes, type TokenBytes } from './token-bytes.js';

export interface EncodeOptions {
  /** Adds what the tokenizer's post-processor adds, such as a begin token. Default true. */
  readonly addSpecialTokens?: boolean;
}

export interface DecodeOptions {
  /** Leaves special added tokens out of the text. Default false. */
  readonly skipSpecialTokens?: boolean;
}

/** Text to token ids and back, by a model's own `tokenizer.json`. Immutable. */
export class Tokenizer {
  /** One more than the highest id. A model may have more embedding rows than this. */
  readonly vocabSize: number;
  readonly bosTokenId: number | undefined;
  readonly eosTokenId: number | undefined;
  readonly padTokenId: number | undefined;
  /** The bytes that a token adds to a text; none for an id outside the vocabulary. */
  readonly bytesOf: TokenBytes;

  private constructor(
    private readonly library: LibraryTokenizer,
    private readonly checked: CheckedTokenizer,
    private readonly config: JsonObject,
    /** Tokens that were added behind the vocabulary, and the id that the first of them is told as. */
    private readonly added?: { readonly from: number; readonly firstId: number },
  ) {
    this.vocabSize = checked.tokens.length;
    const { added_tokens: extra, decoder } = checked.json;
    const ids = new Set((extra as JsonObject[]).map(({ id }) => this.told(id as number)));
    this.bytesOf = tokenBytes(this, decoder as JsonObject | null, ids);
    this.bosTokenId = this.configuredId(config, 'bos_token');
    this.eosTokenId = this.configuredId(config, 'eos_token');
    this.padTokenId = this.configuredId(config, 'pad_token');
  }

  /** @throws AppError invalid, with `details.field`, for a file that is not a usable tokenizer. */
  static fromJson(tokenizerJson: unknown, tokenizerConfig: unknown = {}): Tokenizer {
    const checked = checkTokenizerJson(tokenizerJson);
    if (!isJsonObject(tokenizerConfig)) {
      throw invalid('tokenizer_invalid', 'tokenizer_config.json: must be an object', {
        field: 'tokenizer_config',
      });
    }
    return new Tokenizer(build(checked.json), checked, tokenizerConfig);
  }

  /**
   * The tokenizer with more tokens: each of the texts becomes one, with ids that count up from `firstId` (a model may
   * have more embedding rows than its tokenizer has tokens).
   * @throws AppError invalid `special_token_exists` naming a text that is a token already.
   */
  withAddedTokens(texts: readonly string[], firstId: number): Tokenizer {
    const existing = texts.find((text) => this.idOf(text) !== undefined);
    if (existing !== undefined) {
      const message = `${JSON.stringify(existing)} is a token of the model already`;
      throw invalid('special_token_exists', message, { token: existing });
    }
    const from = this.vocabSize;
    const added = texts.map((content, index) => ({
      id: from + index,
      content,
      special: true,
      ...asItStands,
    }));
    const { added_tokens: known = [] } = this.checked.json;
    const json = { ...this.checked.json, added_tokens: [...(known as JsonObject[]), ...added] };
    const checked = checkTokenizerJson(json);
    return new Tokenizer(build(checked.json), checked, this.config, { from, firstId });
  }

  /** Token ids of a text; `[]` for the empty text of a tokenizer that adds nothing. */
  encode(text: string, { addSpecialTokens = true }: EncodeOptions = {}): number[] {
    const { ids } = orUnusable('encoding', () =>
      this.library.encode(text, { add_special_tokens: addSpecialTokens }),
    );
    return ids.map((id) => {
      // The library gives undefined for a token that it does not know.
      if (id === undefined)
        throw wrongField('post_processor', 'or model gives a token that is not in the vocabulary');
      return this.told(id);
    });
  }

  /** Text of token ids, byte for byte what they say; ids outside the vocabulary say nothing. */
  decode(ids: readonly number[], { skipSpecialTokens = false }: DecodeOptions = {}): string {
    const known = ids.filter(
      (id) => this.tokenOf(id) !== undefined && !(skipSpecialTokens && this.isSpecial(id)),
    );
    // The library refuses an empty list. Cleaning up spaces would change what the model has written.
    if (known.length === 0) return '';
    const own = known.map((id) => this.placeOf(id));
    return orUnusable('decoding', () => this.library.decode(own, { clean_up_tokenization_spaces: false }));
  }

  /** True for ids of special added tokens, such as begin and end of text. */
  isSpecial(id: number): boolean {
    return this.checked.specialIds.has(this.placeOf(id));
  }

  /** The token's text as it stands in the vocabulary (byte-level tokens in their visible alphabet). */
  tokenOf(id: number): string | undefined {
    return this.checked.tokens[this.placeOf(id)];
  }

  /** The id of exactly this vocabulary entry. */
  idOf(token: string): number | undefined {
    const id = this.library.token_to_id(token);
    return id === undefined ? undefined : this.told(id);
  }

  /** The id by which a token of the library's is told. */
  private told(id: number): number {
    return this.added && id >= this.added.from ? id - this.added.from + this.added.firstId : id;
  }

  /** The library's id of a token, -1 where there is none. */
  private placeOf(id: number): number {
    if (!this.added || id < this.added.from) return id;
    return id < this.added.firstId ? -1 : id - this.added.firstId + this.added.from;
  }

  private configuredId(config: JsonObject, name: string): number | undefined {
    const token = namedToken(config, name);
    if (token === undefined) return undefined;
    const id = this.idOf(token);
    if (id !== undefined) return id;
    const message = `tokenizer_config.json: ${name} ${JSON.stringify(token)} is not in the vocabulary`;
    throw invalid('tokenizer_invalid', message, { field: name });
  }
}

/** How an added token is found: by its very text, taking nothing around it. */
const asItStands = { single_word: false, lstrip: false, rstrip: false, normalized: false };

/** Runs the library, whose own errors about a malformed file are of any class. */
function orUnusable<T>(field: string, use: () => T): T {
  try {
    return use();
  } catch (cause) {
    throw new AppError({
      kind: 'invalid',
      code: 'tokenizer_invalid',
      message: `tokenizer.json: ${field} cannot be used: ${reasonOf(cause)}`,
      details: { field },
      cause,
    });
  }
}

/** Builds the library's tokenizer and tries it once, since the library checks most parts only when it uses them. */
function buildAndTry(json: JsonObject): LibraryTokenizer {
  const built = new LibraryTokenizer(json, {});
  keepByteOrderMarks(built);
  const { ids } = built.encode('A word, 1 \n', { add_special_tokens: true });
  const known = ids.filter((id) => id !== undefined);
  if (known.length > 0) built.decode(known, { clean_up_tokenization_spaces: false });
  return built;
}

function build(json: JsonObject): LibraryTokenizer {
  const exact = { ...json, pre_tokenizer: exactPreTokenizer(json['pre_tokenizer'] as JsonObject | null) };
  try {
    return buildAndTry(exact);
  } catch {
    return orUnusable(faultyPart(exact), () => buildAndTry(exact));
  }
}

/** The part that cannot even be used alone, since the library's errors do not say. */
function faultyPart(json: JsonObject): string {
  const none = Object.fromEntries(tokenizerParts.map((part) => [part, null]));
  const faulty = tokenizerParts.find((part) => {
    try {
      buildAndTry({ ...json, ...none, [part]: json[part] });
      return false;
    } catch {
      return true;
    }
  });
  return faulty ?? 'model';
}
