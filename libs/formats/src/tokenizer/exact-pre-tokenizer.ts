import { isJsonObject, type JsonObject } from '../strict-json.js';

/** GPT-2's splitting rule, as the reference tokenizers library compiles it for `ByteLevel`. */
const GPT2_WORDS = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

function split(pattern: string): JsonObject {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

/**
 * The same pre-tokenizer spelt so that the JavaScript library splits as the reference one. Its own `Digits` knows
 * ASCII digits only, and its `ByteLevel` uses JavaScript's idea of white space (with U+FEFF, without U+0085); its
 * `Split` translates both to Unicode's.
 */
export function exactPreTokenizer(config: JsonObject | null): JsonObject | null {
  if (config === null) return null;
  switch (config['type']) {
    case 'Sequence': {
      const steps = config['pretokenizers'];
      if (!Array.isArray(steps)) return config;
      return {
        ...config,
        pretokenizers: steps.map((step: unknown) => (isJsonObject(step) ? exactPreTokenizer(step) : step)),
      };
    }
    case 'Digits':
      return split(config['individual_digits'] === true ? '\\p{N}' : '\\p{N}+');
    case 'ByteLevel':
      // With a prefix space the splitting must see the space, which only ByteLevel itself adds.
      if (config['use_regex'] === false || config['add_prefix_space'] === true) return config;
      return { type: 'Sequence', pretokenizers: [split(GPT2_WORDS), { ...config, use_regex: false }] };
    default:
      return config;
  }
}
