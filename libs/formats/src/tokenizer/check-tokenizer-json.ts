import { AppError } from '@prad/errors';
import { invalid } from '../invalid.js';
import { isJsonObject, type JsonObject } from '../strict-json.js';
import { unsoundPattern } from './check-patterns.js';

const LARGEST_VOCABULARY = 1_000_000;
const MOST_MERGES = 4_000_000;
const modelTypes = ['BPE', 'Unigram', 'WordPiece'] as const;

/** Parts of a tokenizer.json beside its model; each is null or an object with a type. */
export const tokenizerParts = ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder'] as const;

export interface CheckedTokenizer {
  /** The same object with every optional part present. */
  readonly json: JsonObject;
  /** Token text by id, without gaps. */
  readonly tokens: readonly string[];
  readonly specialIds: ReadonlySet<number>;
}

/** The error of a tokenizer.json that names its field. */
export function wrongField(field: string, fault: string): AppError {
  return invalid('tokenizer_invalid', `tokenizer.json: ${field} ${fault}`, { field });
}

/** Checks what the tokenizer library takes for granted. @throws AppError invalid, with `details.field`. */
export function checkTokenizerJson(value: unknown): CheckedTokenizer {
  if (!isJsonObject(value)) throw wrongField('the root', 'must be an object');
  const { model } = value;
  if (!isJsonObject(model))
    throw wrongField('model', model === undefined ? 'is missing' : 'must be an object');
  const type = modelType(model);
  const parts = new Map(tokenizerParts.map((part) => [part, checkPart(part, value[part])]));
  const vocabulary = type === 'Unigram' ? unigramVocabulary(model) : mappedVocabulary(model);
  if (type === 'BPE') checkMerges(model, vocabulary);
  const added = addedTokens(value['added_tokens'] ?? []);
  for (const { id, content } of added) {
    const known = vocabulary.get(content);
    if (known !== undefined && known !== id) {
      throw wrongField(
        'added_tokens',
        `gives ${JSON.stringify(content)} the id ${id}, model.vocab gives ${known}`,
      );
    }
    vocabulary.set(content, id);
  }
  return {
    json: { ...value, ...Object.fromEntries(parts), added_tokens: added, model: { ...model, type } },
    tokens: byId(vocabulary),
    specialIds: new Set(added.filter(({ special }) => special === true).map(({ id }) => id)),
  };
}

function modelType(model: JsonObject): (typeof modelTypes)[number] {
  // Files of older models carry no type; those with merges are BPE.
  const stated = model['type'] ?? (model['merges'] === undefined ? undefined : 'BPE');
  const type = modelTypes.find((known) => known === stated);
  if (type !== undefined) return type;
  throw wrongField(
    'model.type',
    `must be one of ${modelTypes.join(', ')}, got ${JSON.stringify(stated ?? null)}`,
  );
}

function checkPart(part: string, value: unknown): JsonObject | null {
  if (value === undefined || value === null) return null;
  if (!isJsonObject(value) || typeof value['type'] !== 'string') {
    throw wrongField(part, 'must be null or an object with a type');
  }
  const unsound = unsoundPattern(value, part);
  if (unsound !== undefined)
    throw wrongField(unsound, 'must hold a String or a Regex of a sane length and depth');
  return value;
}

function mappedVocabulary({ vocab }: JsonObject): Map<string, number> {
  if (!isJsonObject(vocab)) throw wrongField('model.vocab', 'must be an object of token to id');
  const entries = Object.entries(vocab);
  checkSize(entries.length);
  return new Map(
    entries.map(([token, id]) => {
      if (!isId(id))
        throw wrongField('model.vocab', `gives ${JSON.stringify(token)} an id that is not a whole number`);
      return [token, id];
    }),
  );
}

function unigramVocabulary({ vocab, unk_id: unknownId }: JsonObject): Map<string, number> {
  if (!Array.isArray(vocab)) throw wrongField('model.vocab', 'must be an array of [token, score]');
  checkSize(vocab.length);
  if (unknownId !== undefined && unknownId !== null && !(isId(unknownId) && unknownId < vocab.length)) {
    throw wrongField('model.unk_id', 'must be an id of the vocabulary');
  }
  const ids = new Map<string, number>();
  vocab.forEach((entry: unknown, id) => {
    const [token, score] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof token !== 'string' || typeof score !== 'number' || ids.has(token)) {
      throw wrongField('model.vocab', `must hold [token, score] with a new token at ${id}`);
    }
    ids.set(token, id);
  });
  return ids;
}

function checkSize(size: number): void {
  if (size === 0) throw wrongField('model.vocab', 'is empty');
  if (size > LARGEST_VOCABULARY) {
    throw wrongField('model.vocab', `has ${size} tokens, the limit is ${LARGEST_VOCABULARY}`);
  }
}

function checkMerges(model: JsonObject, vocabulary: ReadonlyMap<string, number>): void {
  const { merges } = model;
  if (!Array.isArray(merges)) throw wrongField('model.merges', 'must be an array');
  if (merges.length > MOST_MERGES) throw wrongField('model.merges', `has more than ${MOST_MERGES} entries`);
  // With such affixes a merge is not simply two tokens written together.
  const affixed = Boolean(model['continuing_subword_prefix']) || Boolean(model['end_of_word_suffix']);
  const asPairs = Array.isArray(merges[0]);
  merges.forEach((merge: unknown, index) => {
    const pair = pairOf(merge, asPairs);
    const [left, right] = pair;
    if (pair.length !== 2 || typeof left !== 'string' || typeof right !== 'string') {
      throw wrongField(`model.merges[${index}]`, 'must be a pair of tokens');
    }
    const unknown = affixed ? undefined : [left, right, left + right].find((token) => !vocabulary.has(token));
    if (unknown !== undefined) {
      throw wrongField(
        `model.merges[${index}]`,
        `needs ${JSON.stringify(unknown)}, which is not in model.vocab`,
      );
    }
  });
}

function pairOf(merge: unknown, asPairs: boolean): unknown[] {
  if (asPairs) return Array.isArray(merge) ? (merge as unknown[]) : [];
  return typeof merge === 'string' ? merge.split(' ') : [];
}

interface Added extends JsonObject {
  readonly id: number;
  readonly content: string;
}

function addedTokens(value: unknown): Added[] {
  if (!Array.isArray(value)) throw wrongField('added_tokens', 'must be an array');
  checkSize(value.length + 1);
  return value.map((token: unknown, index) => {
    if (!isAdded(token))
      throw wrongField(`added_tokens[${index}]`, 'must have a whole id and a content text');
    return token;
  });
}

function isAdded(token: unknown): token is Added {
  return (
    isJsonObject(token) &&
    isId(token['id']) &&
    typeof token['content'] === 'string' &&
    token['content'] !== ''
  );
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function byId(vocabulary: ReadonlyMap<string, number>): string[] {
  const tokens: (string | undefined)[] = new Array<undefined>(vocabulary.size).fill(undefined);
  for (const [token, id] of vocabulary) {
    if (id >= tokens.length) {
      throw wrongField('model.vocab', `has ${tokens.length} tokens but the id ${id}: ids must have no gaps`);
    }
    const taken = tokens[id];
    if (taken !== undefined) {
      throw wrongField(
        'model.vocab',
        `gives the id ${id} to ${JSON.stringify(taken)} and ${JSON.stringify(token)}`,
      );
    }
    tokens[id] = token;
  }
  return tokens.filter((token) => token !== undefined);
}
