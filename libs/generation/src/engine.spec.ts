import { describe, expect, it } from 'vitest';
import { CAPACITY, END, HashExecutor, letters, served } from '../testing/hash-executor.js';
import { all, alone, ask, endOf, engineOf, greedy, text, textOf, tokens } from '../testing/asking.js';
import { Engine } from './engine.js';
import type { StepFacts } from './step-facts.js';
import type { TokenEvent } from './token-event.js';

const idle = { waiting: 0, running: 0, heldTokens: 0, prefixBytes: 0 };

describe('Engine', () => {
  it('numbers its tokens and ends with what it used', async () => {
    const events = await alone(ask());
    const ids = tokens(events);
    expect(events.map((event) => (event.type === 'token' ? event.index : 'end'))).toEqual([
      ...ids.keys(),
      'end',
    ]);
    const end = endOf(events);
    expect(end.usage).toEqual({ promptTokens: 3, cachedTokens: 0, completionTokens: ids.length });
    expect(end.reason).toBe(ids.at(-1) === END ? 'stop' : 'length');
    expect(end.batch).toEqual({ maxRows: 1, maxAdapters: 0 });
    expect(Math.min(end.timings.queueMs, end.timings.prefillMs, end.timings.decodeMs)).toBeGreaterThanOrEqual(
      0,
    );
  });

  it('tells what each step did', async () => {
    const steps: StepFacts[] = [];
    const options = { prefillTokens: 16, onStep: (step: StepFacts) => steps.push(step) };
    const engine = new Engine(new HashExecutor(4), text, options);
    const both = [ask({ prompt: [1, 2, 3] }), ask({ prompt: [4, 5] })].map((it) => all(engine.submit(it)));
    const ends = (await Promise.all(both)).map(endOf);
    const [first, ...others] = steps;
    expect(first).toMatchObject({ decodeRows: 0, prefillRows: 2, promptTokens: 5, adapters: 0 });
    expect(first!.firstTokenMs).toHaveLength(2);
    expect(first!.interTokenMs).toBeUndefined();
    const completion = ends.reduce((sum, { usage }) => sum + usage.completionTokens, 0);
    expect(steps.reduce((sum, step) => sum + step.decodeRows + step.prefillRows, 0)).toBe(completion);
    for (const step of others) expect(step.interTokenMs).toBeGreaterThanOrEqual(step.ms);
  });

  it('ends at the end token, whose text is empty', async () => {
    const requests = Array.from({ length: 80 }, (_, first) => ask({ prompt: [first], maxTokens: 40 }));
    const ended = (await Promise.all(requests.map(alone))).filter((events) => tokens(events).includes(END));
    expect(ended.length).toBeGreaterThan(3);
    for (const events of ended) {
      expect(tokens(events).indexOf(END)).toBe(tokens(events).length - 1);
      expect(endOf(events).reason).toBe('stop');
      expect(textOf(events)).toBe(
        tokens(events)
          .slice(0, -1)
          .map((id) => letters[id])
          .join(''),
      );
    }
  });

  it('ends at a stop token as at the end token', async () => {
    const plain = tokens(await alone(ask({ prompt: [8], maxTokens: 12 })));
    const [stop] = plain.slice(3);
    const events = await alone(ask({ prompt: [8], maxTokens: 12, stopTokenIds: [stop!] }));
    const wanted = plain.slice(0, plain.indexOf(stop!) + 1);
    expect(tokens(events)).toEqual(wanted);
    const shown = wanted.slice(0, -1).map((id) => letters[id]);
    expect([textOf(events), endOf(events).reason]).toEqual([shown.join(''), 'stop']);
  });

  it('tells how likely the token was that ended the answer where it is asked to', async () => {
    const plain = tokens(await alone(ask({ prompt: [8], maxTokens: 12 })));
    const [stop] = plain.slice(3);
    const request = ask({ prompt: [8], maxTokens: 12, stopTokenIds: [stop!], logprobs: 0 });
    const wanted = plain.slice(0, plain.indexOf(stop!) + 1);
    const shownOf = (events: readonly TokenEvent[]): (readonly [number, number])[] =>
      events.flatMap((event) =>
        event.type === 'token' ? (event.shown ?? []).map(({ tokenId, offset }) => [tokenId, offset]) : [],
      );
    const whole = await alone({ ...request, logprobOfEnd: true });
    expect(shownOf(whole)).toEqual(wanted.map((id, place) => [id, place]));
    expect(textOf(whole)).toHaveLength(wanted.length - 1);
    expect(shownOf(await alone(request))).toEqual(shownOf(whole).slice(0, -1));
  });

  it('neither ends nor looks for a stop string before it has the least tokens', async () => {
    const short = Array.from({ length: 80 }, (_, first) => ask({ prompt: [first], maxTokens: 12 }));
    for (const request of short) {
      const sampling = { ...greedy, minTokens: 7 };
      const events = await alone({ ...request, sampling, stop: [letters[3]!] });
      const ids = tokens(events);
      expect(ids.slice(0, 7)).not.toContain(END);
      expect(ids.length).toBeGreaterThanOrEqual(7);
      const open = ids.slice(0, 6).map((id) => letters[id]);
      expect(textOf(events).startsWith(open.join(''))).toBe(true);
      expect(textOf(events).slice(6)).not.toContain(letters[3]);
    }
  });

  it('tells how likely tokens were before any rule changed their logits', async () => {
    const plain = await alone(ask({ prompt: [8], logprobs: 3 }));
    const penalised = await alone(
      ask({ prompt: [8], logprobs: 3, sampling: { ...greedy, logitBias: { 4: 90 } } }),
    );
    const first = (events: readonly TokenEvent[]) => {
      const [event] = events;
      if (event?.type !== 'token' || !event.shown?.[0]) throw new Error('no likelihood');
      return event.shown[0];
    };
    expect(first(plain)).toMatchObject({ offset: 0, ...first(plain).top[0] });
    expect(first(penalised).tokenId).toBe(4);
    expect(first(penalised).top).toEqual(first(plain).top);
    const [silent] = await alone(ask({ prompt: [8] }));
    expect(silent).not.toHaveProperty('shown');
  });

  it('tells the likelihood of the tokens of its text, and of none that it does not show', async () => {
    const whole = textOf(await alone(ask({ prompt: [8], maxTokens: 12, logprobs: 0 })));
    const stop = whole.slice(4, 7);
    const events = await alone(ask({ prompt: [8], maxTokens: 12, logprobs: 0, stop: [stop] }));
    const shown = events.flatMap((event) => (event.type === 'token' ? (event.shown ?? []) : []));
    expect(textOf(events)).toBe(whole.slice(0, whole.indexOf(stop)));
    expect(shown.map(({ tokenId }) => letters[tokenId]).join('')).toBe(textOf(events));
    expect(shown.map(({ offset }) => offset)).toEqual([...shown.keys()]);
  });

  it('ends before a stop string and shows nothing of it', async () => {
    const plain = await alone(ask({ prompt: [8], maxTokens: 12 }));
    const whole = textOf(plain);
    const stop = whole.slice(2, 4);
    const events = await alone(ask({ prompt: [8], maxTokens: 12, stop: [stop] }));
    expect(whole.length).toBeGreaterThan(4);
    expect(textOf(events)).toBe(whole.slice(0, whole.indexOf(stop)));
    expect(endOf(events)).toMatchObject({
      reason: 'stop',
      usage: { completionTokens: whole.indexOf(stop) + 2 },
    });
  });

  it('gives out held-back text when the answer ends without the stop string', async () => {
    const whole = textOf(await alone(ask({ prompt: [8], maxTokens: 4 })));
    const events = await alone(ask({ prompt: [8], maxTokens: 4, stop: [`${whole.slice(-1)}!`] }));
    expect(textOf(events)).toBe(whole);
    expect(endOf(events).reason).toBe('length');
  });

  it('bounds an answer by the room that the prompt leaves', async () => {
    const long = ask({ prompt: new Array<number>(CAPACITY - 2).fill(1), maxTokens: 50 });
    expect(endOf(await alone(long)).usage.completionTokens).toBeLessThanOrEqual(2);
  });

  it.each([
    ['a prompt without tokens', ask({ prompt: [] }), /no token/],
    [
      'a prompt that fills the context',
      ask({ prompt: new Array<number>(CAPACITY).fill(1) }),
      /48 tokens.*holds 48/,
    ],
    ['no answer', ask({ maxTokens: 0 }), /maxTokens must be a whole number of at least 1, got 0/],
    ['top-p 0', ask({ sampling: { ...greedy, topP: 0 } }), /topP must be above 0/],
    ['a negative temperature', ask({ sampling: { ...greedy, temperature: -1 } }), /temperature must be/],
  ])('refuses %s at once', (_name, request, message) => {
    const engine = engineOf(new HashExecutor(1));
    expect(() => engine.submit(request)).toThrow(message);
    expect(engine.load).toEqual(idle);
  });

  it('reads all prompts in one run, decodes rows of any prompt adapter in one run, and others in a run of their own', async () => {
    const executor = new HashExecutor(4);
    const engine = engineOf(executor, { prefillTokens: 100 });
    const asked = [served('x'), served('y'), undefined, served('z', true)].map((adapter, row) =>
      ask({ prompt: [row + 5], adapter, maxTokens: 4 }),
    );
    const answers = await Promise.all(asked.map((request) => all(engine.submit(request))));
    expect(executor.plans[0]?.prefill.map((rows) => rows.map(({ adapter }) => adapter?.digest))).toEqual([
      ['x', 'y', undefined, 'z'],
    ]);
    expect(executor.plans[1]?.decode.map(({ request }) => request)).toEqual([0, 1, 2]);
    expect(executor.plans[1]?.adaptedDecode.map(({ request }) => request)).toEqual([3]);
    for (const events of answers) expect(endOf(events).batch).toEqual({ maxRows: 4, maxAdapters: 3 });
    expect(answers.map(tokens)).toEqual((await Promise.all(asked.map(alone))).map(tokens));
  });

  it('cancels at the next step, and frees the slot', async () => {
    const engine = engineOf(new HashExecutor(1));
    const abort = new AbortController();
    const cancelled: TokenEvent[] = [];
    const first = (async () => {
      for await (const event of engine.submit(ask({ prompt: [8], maxTokens: 12 }), abort.signal)) {
        cancelled.push(event);
        abort.abort();
      }
    })();
    const second = all(engine.submit(ask()));
    await first;
    expect(endOf(cancelled)).toMatchObject({ reason: 'cancelled', usage: { completionTokens: 1 } });
    expect(tokens(await second)).toEqual(tokens(await alone(ask())));
  });

  it('drops a request that was aborted before it began, and one whose reader left', async () => {
    const engine = engineOf(new HashExecutor(1));
    const events = await all(engine.submit(ask(), AbortSignal.abort()));
    expect(events).toEqual([expect.objectContaining({ type: 'finished', reason: 'cancelled' })]);
    for await (const event of engine.submit(ask({ prompt: [8], maxTokens: 12 })))
      if (event.type === 'token') break;
    await all(engine.submit(ask()));
    expect(engine.load).toEqual(idle);
  });

  it('ends what comes too late with an error, waiting or running, and frees the slot', async () => {
    const engine = engineOf(new HashExecutor(1));
    const late = { code: 'deadline_exceeded', kind: 'cancelled' };
    const running = all(engine.submit(ask({ prompt: [8], maxTokens: 40, deadline: Date.now() + 1 })));
    const waits = all(engine.submit(ask({ deadline: Date.now() - 1 })));
    const other = all(engine.submit(ask()));
    await expect(waits).rejects.toMatchObject(late);
    const end = Date.now() + 2;
    while (Date.now() < end);
    await expect(running).rejects.toMatchObject(late);
    expect(tokens(await other)).toEqual(tokens(await alone(ask())));
    expect(engine.load).toEqual(idle);
  });

  it('takes turns between those who ask, and takes urgent requests first', async () => {
    const executor = new HashExecutor(1);
    const engine = engineOf(executor);
    const asked = [
      ...[ask({ share: 'a' }), ask({ share: 'a' }), ask({ share: 'a' }), ask({ share: 'b' })],
      ...[ask({ share: 'b' }), ask({ share: 'a', priority: -1 })],
    ];
    await Promise.all(asked.map((request) => all(engine.submit(request))));
    const order = executor.plans.flatMap(({ prefill }) => prefill.flat().map(({ request }) => request));
    expect(order).toEqual([5, 3, 0, 4, 1, 2]);
  });

  it('a step that fails ends its requests with the error and no others', async () => {
    const executor = new HashExecutor(1);
    const engine = engineOf(executor);
    executor.failing = true;
    const first = all(engine.submit(ask()));
    const second = (async () => {
      await first.catch(() => (executor.failing = false));
      return all(engine.submit(ask()));
    })();
    await expect(first).rejects.toThrow('no power');
    expect(tokens(await second)).toEqual(tokens(await alone(ask())));
  });

  it('tells how much of a prompt an earlier one left', async () => {
    const engine = engineOf(new HashExecutor(1), { prefixCacheBytes: 100 });
    const prompt = [1, 2, 3, 4, 5, 6];
    const first = await all(engine.submit(ask({ prompt })));
    const again = await all(engine.submit(ask({ prompt })));
    const other = await all(engine.submit(ask({ prompt, adapter: served('x') })));
    const cached = [first, again, other].map((events) => endOf(events).usage.cachedTokens);
    // Blocks of two; the last one is read for the logits behind it.
    expect(cached).toEqual([0, 4, 0]);
    expect(tokens(again)).toEqual(tokens(first));
  });

  it('closes: running requests are cancelled, new ones refused', async () => {
    const executor = new HashExecutor(1);
    const engine = engineOf(executor);
    const answers = [all(engine.submit(ask())), all(engine.submit(ask()))];
    await engine.close();
    for (const answer of answers) expect(endOf(await answer).reason).toBe('cancelled');
    expect(executor.closed).toBe(true);
    expect(() => engine.submit(ask())).toThrow('shutting down');
  });
});
