import type { JsonObject } from '../strict-json.js';

/** How a byte-level BPE vocabulary cuts text before merging, by what llama.cpp calls it in `tokenizer.ggml.pre`. */
export interface Splitting {
  readonly preTokenizer: JsonObject;
  /** Unicode normalisation of the text before it is cut. */
  readonly normalizer?: JsonObject;
  /** True where a piece that is a token as a whole is taken without merging. */
  readonly ignoreMerges?: boolean;
  /** True where a file that has no `add_bos_token` means that a begin token is added. */
  readonly addsBos?: boolean;
}

const nfc: JsonObject = { type: 'NFC' };
const singleDigits: JsonObject = { type: 'Digits', individual_digits: true };
const gpt2Words: JsonObject = {
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: true,
};
const onlyBytes: JsonObject = { ...gpt2Words, use_regex: false };

function split(pattern: string): JsonObject {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

function sequence(...pretokenizers: JsonObject[]): JsonObject {
  return { type: 'Sequence', pretokenizers };
}

/** Words in the manner of tiktoken's cl100k, which differ in how many digits stay together. */
function words(digits: string): JsonObject {
  const pattern =
    `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}` +
    '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
  return sequence(split(pattern), onlyBytes);
}

const hanAndHangul = split('[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+');

/** The letters with case that DeepSeek LLM's tokenizer.json lists: not all that Unicode has. */
const DEEPSEEK_LETTERS =
  'A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF' +
  '\u0370-\u0373\u0376\u0377\u037B-\u037D\u037F\u0386\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5' +
  '\u03F7-\u0481\u048A-\u052F\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA' +
  '\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45' +
  '\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE' +
  '\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC' +
  '\u2102\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134\u2139' +
  '\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE\u2CF2\u2CF3' +
  '\uA640-\uA66D\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF\uFB00-\uFB06' +
  '\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A\u{10400}-\u{1044F}\u{104B0}-\u{104D3}\u{104D8}-\u{104FB}' +
  '\u{10C80}-\u{10CB2}\u{10CC0}-\u{10CF2}\u{118A0}-\u{118DF}\u{1E900}-\u{1E943}';

const gpt2: Splitting = { preTokenizer: gpt2Words };
const neox: Splitting = { preTokenizer: gpt2Words, normalizer: nfc };
const starcoder: Splitting = { preTokenizer: sequence(singleDigits, gpt2Words) };
const llama3: Splitting = { preTokenizer: words('\\p{N}{1,3}'), ignoreMerges: true, addsBos: true };
const qwen2: Splitting = { preTokenizer: words('\\p{N}'), normalizer: nfc };
const cl100k: Splitting = { preTokenizer: words('\\p{N}{1,3}') };

const falcon: Splitting = {
  preTokenizer: sequence(
    { type: 'Punctuation', behavior: 'Contiguous' },
    gpt2Words,
    { type: 'Digits', individual_digits: false },
    split('[0-9][0-9][0-9]'),
  ),
};

const deepseekLlm: Splitting = {
  preTokenizer: sequence(
    split('[\r\n]'),
    split(`\\s?[${DEEPSEEK_LETTERS}]+`),
    split('\\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+'),
    split('\\s+$'),
    hanAndHangul,
    singleDigits,
    onlyBytes,
  ),
};

const deepseekCoder: Splitting = {
  preTokenizer: sequence(
    split('[\r\n]'),
    split('\\s?\\p{L}+'),
    split('\\s?\\p{P}+'),
    hanAndHangul,
    singleDigits,
    onlyBytes,
  ),
};

/** What llama.cpp does with a file that names none of the others (`llama-vocab.cpp`). */
const llamaCppDefault: Splitting = {
  preTokenizer: sequence(
    split('[\\p{P}\\$\\+<=>\\^~\\|]+'),
    split("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)"),
    split('\\p{N}+'),
    split('[0-9][0-9][0-9]'),
    onlyBytes,
  ),
};

/**
 * By llama.cpp's name, what the models' own tokenizer.json say; where llama.cpp leaves out their normaliser or spells a
 * rule otherwise, the models are followed, since their weights were trained so.
 */
export const splittings: ReadonlyMap<string, Splitting> = new Map([
  ['default', llamaCppDefault],
  ['gpt-2', gpt2],
  ['mpt', neox],
  ['olmo', neox],
  ['starcoder', starcoder],
  ['refact', starcoder],
  ['smollm', starcoder],
  ['command-r', { ...starcoder, normalizer: nfc }],
  ['llama3', llama3],
  ['llama-v3', llama3],
  ['llama-bpe', llama3],
  ['falcon3', llama3],
  ['dbrx', cl100k],
  ['smaug-bpe', cl100k],
  ['qwen2', qwen2],
  ['deepseek-r1-qwen', qwen2],
  ['falcon', falcon],
  ['deepseek-llm', deepseekLlm],
  ['deepseek-coder', deepseekCoder],
]);
