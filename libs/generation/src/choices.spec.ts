import { describe, expect, it } from 'vitest';
import { all, alone, ask, choicesOf, endOf, endsOf, engineOf, greedy, tokens } from '../testing/asking.js';
import { CAPACITY, HashExecutor, letters, served } from '../testing/hash-executor.js';
import type { GenerationRequest } from './generation-request.js';
import type { StepFacts } from './step-facts.js';
import type { TokenEvent } from './token-event.js';

const idle = { waiting: 0, running: 0, heldTokens: 0, prefixBytes: 0 };
const sampling = { ...greedy, temperature: 1, seed: 5 };
const sampled = (request: Partial<GenerationRequest> = {}): GenerationRequest =>
  ask({ sampling, maxTokens: 12, ...request });

function meansOf(events: readonly TokenEvent[], n: number): number[] {
  return Array.from({ length: n }, (_, choice) => {
    const shown = events.flatMap((event) =>
      event.type === 'token' && event.choice === choice ? (event.shown ?? []) : [],
    );
    return shown.reduce((sum, { logprob }) => sum + logprob, 0) / shown.length;
  });
}

describe('a request of several choices', () => {
  it('draws for each by seed and place in the request alone', async () => {
    const five = choicesOf(await alone(sampled({ n: 5 })));
    expect(new Set(five.map(([ids]) => ids.join())).size).toBe(5);
    expect(choicesOf(await alone(sampled({ n: 3 })))).toEqual(five.slice(0, 3));
    expect(choicesOf(await alone(sampled()))).toEqual(five.slice(0, 1));
    const engine = engineOf(new HashExecutor(7));
    const others = [1, 2].map((first) => all(engine.submit(sampled({ prompt: [first] }))));
    expect(choicesOf(await all(engine.submit(sampled({ n: 5 }))))).toEqual(five);
    await Promise.all(others);
  });

  it('reads its prompt once, and counts it once', async () => {
    const executor = new HashExecutor(4);
    const steps: StepFacts[] = [];
    const engine = engineOf(executor, { onStep: (step) => steps.push(step) });
    const request = sampled({ n: 4, adapter: served('p', false, 2) });
    const events = await all(engine.submit(request));
    expect(executor.plans.flatMap(({ prefill }) => prefill.flat())).toHaveLength(1);
    const copies = executor.plans.flatMap((plan) => plan.copies);
    expect(copies).toEqual([1, 2, 3].map((to) => ({ from: 0, to, length: 5 })));
    const usages = endsOf(events).map(({ usage }) => usage);
    expect(usages.map(({ promptTokens }) => promptTokens)).toEqual([3, 0, 0, 0]);
    const counts = [0, 1, 2, 3].map((choice) => tokens(events, choice).length);
    expect(usages.map(({ completionTokens }) => completionTokens)).toEqual(counts);
    expect(steps.reduce((sum, { chosen }) => sum + chosen, 0)).toBe(counts.reduce((a, b) => a + b));
    expect(steps.flatMap(({ firstTokenMs }) => firstTokenMs)).toHaveLength(1);
  });

  it('gives the slot of a choice that has ended to who waits, while the others go on', async () => {
    const stop = [letters[tokens(await alone(sampled({ n: 3 })), 1)[1]!]!];
    const executor = new HashExecutor(3);
    const engine = engineOf(executor);
    const several = all(engine.submit(sampled({ n: 3, maxTokens: 40, stop })));
    const next = all(engine.submit(sampled({ prompt: [1] })));
    const reasons = choicesOf(await several).map(([ids, , reason]) => [ids.length, reason]);
    expect(reasons[1]).toEqual([expect.any(Number), 'stop']);
    await next;
    const beside = executor.plans.find(({ prefill }) => prefill.flat().some(({ request }) => request === 3));
    expect(beside!.decode.length).toBeGreaterThan(0);
  });

  it('takes back one choice after the other where memory is short, and tells nothing twice', async () => {
    const request = sampled({ n: 4, maxTokens: 20, sampling: { ...sampling, minTokens: 20 } });
    const executor = new HashExecutor(4);
    const events = await all(engineOf(executor, { cacheBytes: CAPACITY }).submit(request));
    const lost = executor.plans.flatMap(({ preempted }) => preempted);
    expect(lost.length).toBeGreaterThan(0);
    expect(lost).not.toContain(0);
    expect(choicesOf(events)).toEqual(choicesOf(await alone(request)));
    const places = events.flatMap((event) =>
      event.type === 'token' && event.choice === 3 ? [event.index] : [],
    );
    expect(places).toEqual([...Array(20).keys()]);
  });

  it('penalises a choice for its own tokens alone', async () => {
    const rules = { ...sampling, frequencyPenalty: 100, minTokens: 8 };
    const events = await alone(sampled({ n: 3, maxTokens: 8, sampling: rules }));
    const each = choicesOf(events).map(([ids]) => ids);
    for (const ids of each) expect(new Set(ids).size).toBe(8);
    // Eleven ids would not do for all.
    expect(each).toHaveLength(3);
  });

  it('frees all slots when it is cancelled, and ends once', async () => {
    const engine = engineOf(new HashExecutor(3));
    const abort = new AbortController();
    const request = sampled({ n: 3, maxTokens: 40, sampling: { ...sampling, minTokens: 40 } });
    const events = all(engine.submit(request, abort.signal));
    while (engine.load.heldTokens < 12) await new Promise(setImmediate);
    expect(engine.load.running).toBe(3);
    abort.abort();
    expect(endOf(await events).reason).toBe('cancelled');
    expect(engine.load).toEqual(idle);
  });

  it('ends for all choices when a step fails, also for those that wait', async () => {
    const executor = new HashExecutor(4);
    const engine = engineOf(executor, { cacheBytes: CAPACITY });
    const request = sampled({ n: 4, maxTokens: 40, sampling: { ...sampling, minTokens: 40 } });
    const events = expect(all(engine.submit(request))).rejects.toThrow('no power');
    while (engine.load.waiting === 0 || engine.load.running === 0) await new Promise(setImmediate);
    executor.failing = true;
    await events;
    executor.failing = false;
    expect(choicesOf(await all(engine.submit(sampled())))).toEqual(choicesOf(await alone(sampled())));
    expect(engine.load).toMatchObject({ waiting: 0, running: 0 });
  });
});

describe('the best of several choices', () => {
  it('are those with the highest mean log-probability, likeliest first, with the usage of all', async () => {
    // Log-probabilities of end tokens are not told, so there are none.
    const rules = { ...sampling, minTokens: 12 };
    const request = sampled({ logprobs: 0, sampling: rules });
    const five = await alone({ ...request, n: 5 });
    const means = meansOf(five, 5);
    const order = [...means.keys()].sort((a, b) => means[b]! - means[a]!);
    expect(order.slice(0, 2)).not.toEqual([0, 1]);
    const events = await alone({ ...request, n: 2, bestOf: 5 });
    const wanted = order.slice(0, 2).map((choice) => choicesOf(five)[choice]);
    expect(choicesOf(events)).toEqual(wanted);
    expect(meansOf(events, 2)).toEqual(order.slice(0, 2).map((choice) => means[choice]));
    expect(endsOf(events).map(({ usage }) => usage)).toEqual([
      { promptTokens: 3, cachedTokens: 0, completionTokens: 48 },
      { promptTokens: 0, cachedTokens: 0, completionTokens: 12 },
    ]);
  });

  it('count their end tokens', async () => {
    const means = endsOf(await alone(sampled({ n: 4, bestOf: 5, maxTokens: 40 }))).map(
      (end) => end.meanLogprob!,
    );
    expect(means).toEqual([...means].sort((a, b) => b - a));
    for (const mean of means) expect(mean).toBeLessThan(0);
  });

  it('tells of nothing but the end when it is cancelled', async () => {
    const engine = engineOf(new HashExecutor(3));
    const abort = new AbortController();
    const events = all(engine.submit(sampled({ bestOf: 3, maxTokens: 40 }), abort.signal));
    while (engine.load.running < 3) await new Promise(setImmediate);
    abort.abort();
    expect((await events).map(({ type }) => type)).toEqual(['finished']);
    expect(engine.load).toEqual(idle);
  });
});

const beams = { numBeams: 2, lengthPenalty: 1, earlyStopping: false, numReturnSequences: 1 };

it.each([
  ['no choice', { n: 0 }, /n must be a whole number of at least 1, got 0/],
  ['a best of fewer than are given', { n: 3, bestOf: 2 }, /best_of must be .* at least n, 3, got 2/],
  ['more choices than slots', { n: 5 }, /n 5 takes as many sequences at a time; the engine has 4/],
  ['more samples than slots', { n: 2, bestOf: 5 }, /best_of 5 takes as many sequences/],
  [
    'choices of a beam search',
    { n: 2, beams, sampling: greedy },
    /n must be 1, since a beam search does not sample, got 2/,
  ],
])('refuses %s at once', (_name, wrong, message) => {
  const engine = engineOf(new HashExecutor(4));
  expect(() => engine.submit(sampled(wrong))).toThrow(message);
  expect(engine.load).toEqual(idle);
});
