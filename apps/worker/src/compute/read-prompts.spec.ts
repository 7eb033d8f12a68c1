import { setImmediate as turn } from 'node:timers/promises';
import type { ReadingFacts } from '@prad/generation';
import { expect, it } from 'vitest';
import type { Engines } from './engines.js';
import { readPrompts } from './read-prompts.js';
import type { ReadEvent, ReadParams, Wanted } from './reading-messages.js';

/** A reader whose vectors and log-probabilities are the prompts' and answers' tokens. */
class Reader {
  encoded = 0;
  answered = 0;
  /** Most prompts that were turned into tokens and not answered yet. */
  most = 0;

  readonly open = {
    promptVocabSize: () => 1_000,
    adapter: () => undefined,
    encode: ({ text }: { text: string }) => {
      this.encoded += 1;
      this.most = Math.max(this.most, this.encoded - this.answered);
      if (text === 'bad') throw new Error('no such text');
      return [Number(text)];
    },
    encodeAnswer: (text: string) => [Number(text)],
    reader: () =>
      Promise.resolve({
        embed: async ({ prompt }: { prompt: number[] }) => ({
          ...(await this.#answer()),
          vector: Float32Array.from(prompt),
        }),
        score: async ({ prompt, answers }: { prompt: number[]; answers: number[][] }) => ({
          ...(await this.#answer()),
          logProbabilities: answers.map((answer) => [...prompt, ...answer]),
        }),
      }),
  };

  async #answer(): Promise<Partial<ReadingFacts>> {
    await turn();
    this.answered += 1;
    return {};
  }
}

async function read(reader: Reader, texts: readonly string[], wants: Wanted): Promise<ReadEvent[]> {
  const engines = { get: () => Promise.resolve(reader.open) } as unknown as Engines;
  const params: ReadParams = {
    ...{ base: { id: 'base' } as unknown as ReadParams['base'], adapter: undefined, wants },
    ...{ share: 'default', priority: 0, deadline: undefined },
    prompts: texts.map((text) => ({ kind: 'text', text })),
  };
  const events = [];
  for await (const event of readPrompts(engines, params, new AbortController().signal)) events.push(event);
  return events;
}

const texts = Array.from({ length: 150 }, (_, index) => String(index));

it('turns 64 prompts into tokens at once at most, and answers all in their order', async () => {
  const reader = new Reader();
  const events = await read(reader, texts, { kind: 'embedding', pooling: 'last' });
  expect(reader.most).toBe(64);
  expect(events.map((event) => event.kind === 'embedding' && [...event.vector])).toEqual(
    texts.map((text) => [Number(text)]),
  );
});

it('scores each prompt with its own choices', async () => {
  const choices = texts.map((text) => [text, '1']);
  const events = await read(new Reader(), texts, { kind: 'score', choices, endToken: false });
  expect(
    events.map((event) => event.kind === 'score' && event.choices.map((choice) => choice.logProbability)),
  ).toEqual(texts.map((text) => [2 * Number(text), Number(text) + 1]));
});

it('ends with the error of one prompt, without the prompts after it', async () => {
  const reader = new Reader();
  const wants = { kind: 'embedding', pooling: 'last' } as const;
  await expect(read(reader, ['1', 'bad', ...texts], wants)).rejects.toThrow('no such text');
  expect(reader.encoded).toBe(64);
});
