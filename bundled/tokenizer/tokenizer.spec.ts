import { readFileSync } from 'node:fs';
import { Template } from '@huggingface/jinja';
import { Tokenizer } from '@prad/formats';
import { describe, expect, it } from 'vitest';
import { documentAt } from '../world/documents.js';
import { CHAT_TEMPLATE, renderConversation } from './chat-template.js';
import { tokenizerConfigJson, tokenizerJson } from './tokenizer-files.js';
import { trainBytePairs } from './train-bpe.js';

const texts = Array.from({ length: 300 }, (_, i) => documentAt(1, i));
const load = (json: string, config: string): Tokenizer =>
  Tokenizer.fromJson(JSON.parse(json), JSON.parse(config));

describe('trainBytePairs', () => {
  it('merges the most frequent pair first', () => {
    const model = trainBytePairs(['ab ab ab ac ac b'], 3 + 256 + 3);
    expect(model.merges).toEqual([
      ['Ġ', 'a'],
      ['Ġa', 'b'],
      ['Ġa', 'c'],
    ]);
    expect(model.tokens.slice(-3)).toEqual(['Ġa', 'Ġab', 'Ġac']);
  });

  it('stops where no pair occurs twice', () => {
    expect(trainBytePairs(['abc'], 2048).merges).toEqual([]);
  });

  it('gives files from which any text is read back', () => {
    const model = trainBytePairs(texts, 600);
    expect(model.tokens).toHaveLength(600);
    const tokenizer = load(tokenizerJson(model), tokenizerConfigJson(512));
    for (const text of [...texts, 'Ünïcødé 你好 🎉', '  two\n\n\ttabs 123 don\'t "q"']) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
  });
});

describe('the bundled tokenizer', () => {
  const folder = `${import.meta.dirname}/../prad-tiny`;
  const tokenizer = load(
    readFileSync(`${folder}/tokenizer.json`, 'utf8'),
    readFileSync(`${folder}/tokenizer_config.json`, 'utf8'),
  );

  it('keeps the common words whole and the special tokens single', () => {
    const ids = tokenizer.encode(' Silver Lantern<|endoftext|>');
    expect(ids.map((id) => tokenizer.tokenOf(id))).toEqual(['ĠSilver', 'ĠLantern', '<|endoftext|>']);
  });

  it('cuts prompt and completion at the same place together and apart', () => {
    const ids = (text: string): number[] => tokenizer.encode(text);
    const [prompt, completion] = ['name : Red Fox | type : inn ->', ' The Red Fox is an inn.'];
    expect(ids(prompt + completion)).toEqual([...ids(prompt), ...ids(completion)]);
  });
});

describe('the chat template', () => {
  it('writes what renderConversation writes', () => {
    const messages = [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Good day.' },
      { role: 'user', content: 'Where?' },
      { role: 'assistant', content: 'Here.' },
    ];
    const rendered = new Template(CHAT_TEMPLATE).render({ messages });
    expect(rendered).toBe(`${renderConversation(messages)}<|endoftext|>\n`);
    expect(
      new Template(CHAT_TEMPLATE).render({ messages: messages.slice(0, 1), add_generation_prompt: true }),
    ).toBe('<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n');
  });
});
