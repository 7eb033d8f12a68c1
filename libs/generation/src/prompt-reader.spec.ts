import { describe, expect, it } from 'vitest';
import { served } from '../testing/hash-executor.js';
import { PromptReader, type PromptReaderOptions } from './prompt-reader.js';
import { ReadingExecutor, type AnswerRow, type PromptOutput, type PromptRow } from './reading-executor.js';

const VOCABULARY = 8;

/** Logits that favour the token behind the last one; hidden states that are the tokens themselves. */
class CountingExecutor extends ReadingExecutor {
  readonly slots = 4;
  readonly runs: (readonly (PromptRow | AnswerRow)[])[] = [];
  closed = false;
  failing = false;
  /** Called in front of each run. */
  onRun: () => void = () => undefined;

  constructor(
    readonly chunks = true,
    readonly capacity = 12,
  ) {
    super();
  }

  override prompts(rows: readonly PromptRow[]): Promise<readonly PromptOutput[]> {
    this.#begin(rows);
    return Promise.resolve(
      rows.map(({ tokens, read, logits }) => ({
        hidden: read.map((place) => Float32Array.of(tokens[place] ?? 0, 1)),
        logits: logits.map((place) => behind(tokens[place] ?? 0)),
      })),
    );
  }

  override answers(rows: readonly AnswerRow[]): Promise<readonly (readonly Float32Array[])[]> {
    this.#begin(rows);
    return Promise.resolve(rows.map(({ tokens }) => tokens.map(behind)));
  }

  override close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  #begin(rows: readonly (PromptRow | AnswerRow)[]): void {
    this.onRun();
    if (this.failing) throw new Error('no power');
    this.runs.push(rows);
  }
}

function behind(token: number): Float32Array {
  const logits = new Float32Array(VOCABULARY);
  logits[(token + 1) % VOCABULARY] = 2;
  return logits;
}

const total = Math.log(Math.exp(2) + VOCABULARY - 1);
const [hit, miss] = [2 - total, -total].map(rounded) as [number, number];

function rounded(x: number): number {
  return Number(x.toFixed(12));
}

function open(options: Partial<PromptReaderOptions> = {}, executor = new CountingExecutor()) {
  return { executor, reader: new PromptReader(executor, { prefillTokens: 16, ...options }) };
}

/** The prompts of a run by their first tokens. */
function firsts(run: readonly (PromptRow | AnswerRow)[] | undefined): (number | undefined)[] {
  return (run ?? []).map(({ tokens }) => tokens[0]);
}

describe('PromptReader', () => {
  it('tells how likely the tokens of a prompt are, a long one alone and in pieces', async () => {
    const executor = new CountingExecutor(true, 200);
    const { reader } = open({ prefillTokens: 400 }, executor);
    const long = Array.from({ length: 150 }, (_, place) => (place % 3 === 0 ? 5 : place % VOCABULARY));
    const [told, short] = await Promise.all([
      reader.likelihoods({ prompt: long, logprobs: 1 }),
      reader.likelihoods({ prompt: [1, 2, 4], logprobs: 0 }),
    ]);
    expect(executor.runs.map((run) => run.map(({ tokens }) => tokens.length))).toEqual([
      [64],
      [64],
      [22],
      [3],
    ]);
    const followed = (token: number, before: number) => token === (before + 1) % VOCABULARY;
    told.likelihoods.forEach(({ logprob, top }, place) => {
      const [before = 0, token = 0] = long.slice(place);
      expect(rounded(logprob)).toBe(followed(token, before) ? hit : miss);
      expect(top.map(({ tokenId }) => tokenId)).toEqual([(before + 1) % VOCABULARY]);
    });
    expect(told.likelihoods).toHaveLength(149);
    expect(short.likelihoods.map(({ logprob }) => rounded(logprob))).toEqual([hit, miss]);
  });

  it('pools and normalises hidden states', async () => {
    const { reader } = open();
    const last = await reader.embed({ prompt: [1, 4], pooling: 'last' });
    const mean = await reader.embed({ prompt: [1, 5], pooling: 'mean' });
    expect([...last.vector]).toEqual([4, 1].map((x) => Math.fround(x / Math.sqrt(17))));
    expect([...mean.vector]).toEqual([3, 1].map((x) => Math.fround(x / Math.sqrt(10))));
    expect(last).toMatchObject({ promptTokens: 2, answerTokens: 0, maxRows: 1, maxAdapters: 0 });
  });

  it.each([true, false])('scores every token behind the one in front of it (chunks: %s)', async (chunks) => {
    const { executor, reader } = open({}, new CountingExecutor(chunks));
    const answers = [[3], [3, 4, 5], [3, 3], [1, 2, 3, 3]];
    const [one, other] = await Promise.all([
      reader.score({ prompt: [1, 2], answers }),
      reader.score({ prompt: [5], answers: [[6]] }),
    ]);
    expect(one.logProbabilities.map((tokens) => tokens.map(rounded))).toEqual([
      [hit],
      [hit, hit, hit],
      [hit, miss],
      [miss, hit, hit, miss],
    ]);
    expect(other.logProbabilities[0]?.map(rounded)).toEqual([hit]);
    expect(one).toMatchObject({ promptTokens: 2, answerTokens: 10, maxRows: 2 });
    const fed = executor.runs.slice(1).map((rows) => rows.map(({ tokens }) => tokens.length));
    expect(fed).toEqual(chunks ? [[2], [1], [3]] : [[1], [1], [1], [1], [1], [1]]);
  });

  it('reads on in chunks, and a prompt whole where slots take none', async () => {
    const prompt = [1, 2, 3, 4, 5, 6, 7];
    for (const chunks of [true, false]) {
      const { executor, reader } = open({ prefillTokens: 3 }, new CountingExecutor(chunks));
      const { vector } = await reader.embed({ prompt, pooling: 'mean' });
      expect([...vector]).toEqual([4, 1].map((x) => Math.fround(x / Math.sqrt(17))));
      expect(executor.runs.map(([row]) => row?.tokens.length)).toEqual(chunks ? [3, 3, 1] : [7]);
    }
  });

  it('fills runs up to the budget and the slots, in order', async () => {
    const { executor, reader } = open();
    const lengths = [3, 3, 9, 1, 1, 1, 1, 1];
    await Promise.all(
      lengths.map((length, row) =>
        reader.embed({ prompt: [row, ...new Array<number>(length - 1).fill(0)], pooling: 'last' }),
      ),
    );
    expect(executor.runs.map(firsts)).toEqual([[0, 1], [2], [3, 4, 5, 6], [7]]);
  });

  it('keeps answers that go through an adapter apart from others', async () => {
    const { executor, reader } = open();
    const everywhere = served('e', true);
    const ask = (first: number, adapter = served(`a${first}`)) =>
      reader.score({ prompt: [first], adapter, answers: [[2, 3, 4]] });
    await Promise.all([ask(0), ask(1), ask(2, everywhere), ask(3, everywhere), ask(4)]);
    const adapters = executor.runs.map((rows) => rows.map(({ adapter }) => adapter?.digest));
    expect(adapters).toEqual([
      ['a0', 'a1'],
      ...[
        [undefined, undefined],
        [undefined, undefined],
      ],
      ['e', 'e'],
      ...[
        ['e', 'e'],
        ['e', 'e'],
      ],
      ['a4'],
      [undefined],
    ]);
  });

  it('reads a prompt behind a prefix alone', async () => {
    const { executor, reader } = open();
    const prefixed = served('p', false, 2);
    const embedded = [undefined, prefixed, prefixed, undefined].map((adapter, row) =>
      reader.embed({ prompt: [row], adapter, pooling: 'last' }),
    );
    await Promise.all(embedded);
    expect(executor.runs.map(firsts)).toEqual([[0], [1], [2], [3]]);
  });

  it('takes turns between those who ask, and urgent requests first', async () => {
    const { executor, reader } = open({ prefillTokens: 1 });
    const ask = (first: number, share: string, priority = 0) =>
      reader.embed({ prompt: [first], pooling: 'last', share, priority });
    await Promise.all([ask(0, 'a'), ask(1, 'a'), ask(2, 'a'), ask(3, 'b'), ask(4, 'b'), ask(5, 'a', -1)]);
    expect(executor.runs.flatMap(firsts)).toEqual([5, 3, 0, 4, 1, 2]);
  });

  it('drops who leaves and who comes too late, before and between runs', async () => {
    const { executor, reader } = open();
    const leaving = new AbortController();
    const left = reader.score({ prompt: [1], answers: [[2, 3, 4]] }, leaving.signal);
    const stays = reader.score({ prompt: [2], answers: [[3, 4]] });
    const late = reader.embed({ prompt: [3], pooling: 'last', deadline: Date.now() - 1 });
    executor.onRun = () => {
      leaving.abort(new Error('left'));
    };
    await expect(late).rejects.toMatchObject({ code: 'deadline_exceeded', kind: 'cancelled' });
    await expect(left).rejects.toThrow('left');
    expect((await stays).logProbabilities[0]?.map(rounded)).toEqual([hit, hit]);
    expect(executor.runs.map(firsts)).toEqual([[1, 2], [3]]);
    const before = reader.embed({ prompt: [1], pooling: 'last' }, AbortSignal.abort(new Error('gone')));
    await expect(before).rejects.toThrow('gone');
    expect(reader.idle).toBe(true);
  });

  it('a run that fails ends its requests and no others', async () => {
    const { executor, reader } = open();
    executor.failing = true;
    await expect(reader.embed({ prompt: [1], pooling: 'last' })).rejects.toThrow('no power');
    executor.failing = false;
    expect((await reader.embed({ prompt: [1], pooling: 'last' })).promptTokens).toBe(1);
  });

  it.each([
    ['a prompt without tokens', { prompt: [], answers: [[1]] }, 'empty_prompt'],
    ['an answer without tokens', { prompt: [1], answers: [[1], []] }, 'empty_answer'],
    ['a prompt that does not fit', { prompt: new Array<number>(13).fill(1), answers: [] }, 'prompt_too_long'],
    ['an answer that does not', { prompt: [1], answers: [new Array<number>(12).fill(1)] }, 'answer_too_long'],
  ])('refuses %s', async (_name, request, code) => {
    await expect(open().reader.score(request)).rejects.toMatchObject({ code, kind: 'invalid' });
  });

  it('closes: what is under way ends, new requests are refused', async () => {
    const { executor, reader } = open();
    const waits = reader.embed({ prompt: [1], pooling: 'last' });
    const closing = reader.close();
    await expect(waits).rejects.toMatchObject({ code: 'engine_closed' });
    await closing;
    expect(executor.closed).toBe(true);
    await expect(reader.embed({ prompt: [1], pooling: 'last' })).rejects.toThrow('shutting down');
  });
});
