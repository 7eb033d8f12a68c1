import { describe, expect, it } from 'vitest';
import { all, alone, ask, endOf, engineOf, foundOf, textOf, tokens } from '../testing/asking.js';
import { CAPACITY, HashExecutor, letters } from '../testing/hash-executor.js';
import type { BeamOptions } from './beam-search.js';

const beams: BeamOptions = { numBeams: 3, lengthPenalty: 1, earlyStopping: false, numReturnSequences: 2 };
const idle = { waiting: 0, running: 0, heldTokens: 0, prefixBytes: 0 };

describe('a beam search in the engine', () => {
  it('tells its answers at the end, best first, and what they took', async () => {
    const events = await alone(ask({ beams, maxTokens: 8 }));
    expect(events.map(({ type }) => type)).toEqual(['found', 'finished']);
    const [best, second] = foundOf(events);
    expect(best!.score).toBeGreaterThan(second!.score);
    const completionTokens = best!.tokens.length + second!.tokens.length;
    expect(endOf(events).usage).toEqual({ promptTokens: 3, cachedTokens: 0, completionTokens });
    expect(endOf(events)).toMatchObject({ reason: best!.reason, batch: { maxRows: 3, maxAdapters: 0 } });
  });

  it('ends answers before a stop string, and searches on with the others', async () => {
    const plain = foundOf(await alone(ask({ beams, maxTokens: 12 })));
    const stop = plain[0]!.text.slice(1, 3);
    const stopped = foundOf(await alone(ask({ beams, maxTokens: 12, stop: [stop] })));
    const ended = stopped.filter(({ tokens: ids }) =>
      ids
        .map((id) => letters[id])
        .join('')
        .endsWith(stop),
    );
    expect(ended.length).toBeGreaterThan(0);
    for (const { text, tokens: ids, reason } of ended)
      expect([text, reason]).toEqual([
        ids
          .slice(0, -2)
          .map((id) => letters[id])
          .join(''),
        'stop',
      ]);
    for (const { text } of stopped) expect(text).not.toContain(stop);
  });

  it('frees all slots when it is cancelled or comes too late', async () => {
    const engine = engineOf(new HashExecutor(3));
    const long = ask({ beams: { ...beams, earlyStopping: 'never', lengthPenalty: 9 }, maxTokens: 40 });
    const abort = new AbortController();
    const cancelled = all(engine.submit(long, abort.signal));
    const late = expect(all(engine.submit({ ...long, deadline: Date.now() - 1 }))).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });
    const next = all(engine.submit(ask()));
    while (engine.load.heldTokens < 12) await new Promise(setImmediate);
    abort.abort();
    expect(endOf(await cancelled).reason).toBe('cancelled');
    await late;
    expect([tokens(await next), textOf(await next)]).toEqual([
      tokens(await alone(ask())),
      textOf(await alone(ask())),
    ]);
    expect(engine.load).toEqual(idle);
  });

  it('keeps slots for all of its beams while its prompt is read', async () => {
    const executor = new HashExecutor(5);
    const engine = engineOf(executor, { prefillTokens: 3 });
    const pair = ask({ prompt: [1, 2, 3, 4], beams: { ...beams, numBeams: 2 } });
    const four = ask({ prompt: [5, 6], beams: { ...beams, numBeams: 4 } });
    const both = await Promise.all([pair, four].map((request) => all(engine.submit(request))));
    // The second step has room for the other prompt, but its beams have none.
    const read = executor.plans
      .slice(0, 2)
      .map(({ prefill }) => prefill.flat().map(({ request }) => request));
    expect(read).toEqual([[0], [0]]);
    expect(both.map(foundOf)).toEqual([foundOf(await alone(pair)), foundOf(await alone(four))]);
  });

  it.each([
    ['one beam', { numBeams: 1 }, /num_beams must be a whole number of at least 2, got 1/],
    [
      'more answers than beams',
      { numReturnSequences: 4 },
      /n must be a whole number from 1 to num_beams, 3, got 4/,
    ],
    ['a penalty that is no number', { lengthPenalty: NaN }, /length_penalty must be a finite number/],
    ['more beams than slots', { numBeams: 5 }, /num_beams 5 takes as many.*the engine has 4/],
  ])('refuses %s at once', (_name, wrong, message) => {
    const engine = engineOf(new HashExecutor(4));
    expect(() => engine.submit(ask({ beams: { ...beams, ...wrong } }))).toThrow(message);
    expect(engine.load).toEqual(idle);
  });

  it('refuses to sample, and what its beams have no memory for', () => {
    const engine = engineOf(new HashExecutor(4), { cacheBytes: CAPACITY });
    const hot = { temperature: 1, topK: 0, topP: 1, seed: 0 };
    expect(() => engine.submit(ask({ beams, sampling: hot }))).toThrow(/temperature must be 0, since/);
    // The prompt has 3 tokens.
    expect(() => engine.submit(ask({ beams, maxTokens: 14 }))).toThrow(
      /3 beams of up to 17 .* 51.* holds 48/,
    );
    expect(() => engine.submit(ask({ beams, maxTokens: 13 }))).not.toThrow();
  });
});
