import { beforeAll, expect, it } from 'vitest';
import { openGgufModel } from '../gguf/gguf-model.js';
import { decodePrompt, promptOffsets } from './decode-prompt.js';
import { Tokenizer } from './tokenizer.js';

const texts = [
  '',
  'The inn',
  ' caf\u00e9 \u{1F600}!',
  '<|im_start|>user\nHi<|im_end|>',
  'a number <|im_start|>',
];

let plain: Tokenizer;
/** Puts `<|im_start|>` before every text and `<|im_end|>` behind it. */
let framed: Tokenizer;

beforeAll(async () => {
  const model = await openGgufModel(`${import.meta.dirname}/../../../../test/reference/gguf/tiny-llama.gguf`);
  await model.close();
  plain = Tokenizer.fromJson(model.tokenizer, model.tokenizerConfig);
  const added = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const single = [added('<|im_start|>'), { Sequence: { id: 'A', type_id: 0 } }, added('<|im_end|>')];
  framed = Tokenizer.fromJson({
    ...model.tokenizer,
    post_processor: { type: 'TemplateProcessing', single, pair: [], special_tokens: {} },
  });
});

it('gives back the text that was made tokens of, whatever the tokenizer adds to it', () => {
  for (const tokenizer of [plain, framed, framed.withAddedTokens(['number'], 5_000)]) {
    for (const text of texts) expect(decodePrompt(tokenizer, tokenizer.encode(text))).toBe(text);
  }
});

it('gives the text of tokens that nothing was added to', () => {
  const ids = plain.encode('The inn');
  const [begin, end] = [plain.idOf('<|im_start|>')!, plain.idOf('<|im_end|>')!];
  expect(decodePrompt(framed, ids)).toBe('The inn');
  expect(decodePrompt(framed, [begin, ...ids])).toBe('The inn');
  expect(decodePrompt(framed, [...ids, end])).toBe('The inn');
  expect(decodePrompt(framed, [begin, begin, ...ids])).toBe('<|im_start|>The inn');
  expect(decodePrompt(framed, [begin])).toBe('');
  expect(decodePrompt(plain, [begin, ...ids])).toBe('<|im_start|>The inn');
});

it('tells where each token begins in the text, parts of a character at its beginning', () => {
  for (const tokenizer of [plain, framed]) {
    for (const text of texts) {
      const tokens = tokenizer.encode(text);
      const offsets = promptOffsets(tokenizer, tokens);
      const whole = offsets.map((offset, place) => [offset, offsets[place + 1] ?? text.length] as const);
      const added = tokenizer === framed ? [0, tokens.length - 1] : [];
      whole.forEach(([from, to], place) => {
        const own = added.includes(place) ? '' : Buffer.from(tokenizer.bytesOf(tokens[place]!)).toString();
        if (!own.includes('\uFFFD')) expect(text.slice(from, to)).toBe(own);
      });
      expect(offsets).toHaveLength(tokens.length);
    }
  }
});
