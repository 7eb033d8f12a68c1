import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Engine } from './engine.js';
import { Executor } from './executor.js';
import type { GenerationRequest } from './generation-request.js';
import { rowsOf, type StepPlan } from './plan.js';
import type { ServedAdapter } from './served-adapter.js';
import type { StepFacts } from './step-facts.js';
import type { TokenEvent } from './token-event.js';

const VOCABULARY = 11;
const END = 0;
const CAPACITY = 24;

const served = (digest: string, adaptsAnswers = false): ServedAdapter => ({
  digest,
  scope: adaptsAnswers ? 'all' : 'prompt',
  adaptsAnswers,
  loaded: { adapter: {}, served: new Map() } as never,
  prefix: undefined,
  softTokens: [],
  tokenizer: {} as never,
});

/**
 * A language model of one line: the next token's logits are a hash of what the slot holds. It keeps its slots in
 * memory as the real one does, and checks that plans are sound.
 */
class HashExecutor extends Executor {
  readonly capacity = CAPACITY;
  readonly plans: StepPlan[] = [];
  readonly #memory: number[][];
  failing = false;
  closed = false;

  constructor(readonly slots: number) {
    super();
    this.#memory = Array.from({ length: slots }, () => []);
  }

  override run(plan: StepPlan): Promise<ReadonlyMap<number, Float32Array>> {
    this.plans.push(plan);
    if (this.failing) return Promise.reject(new Error('no power'));
    for (const { from, to, length } of plan.moves) {
      expect(this.#memory[from]).toHaveLength(length);
      this.#memory[to] = [...this.#memory[from]!];
    }
    const runs = [plan.decode, plan.adaptedDecode, ...plan.prefill];
    for (const rows of runs) expect(rows.map(({ slot }) => slot - rows[0]!.slot)).toEqual([...rows.keys()]);
    const slots = rowsOf(plan).map(({ slot }) => slot);
    expect(new Set(slots).size).toBe(slots.length);
    expect(Math.max(...slots)).toBeLessThan(this.slots);
    for (const row of rowsOf(plan)) this.#take(row);
    return Promise.resolve(
      new Map(rowsOf(plan).map(({ request, slot }) => [request, this.#logits(this.#memory[slot]!)])),
    );
  }

  override close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  #take(row: ReturnType<typeof rowsOf>[number]): void {
    if ('token' in row) {
      expect(this.#memory[row.slot]).toHaveLength(row.length);
      expect(row.length).toBeLessThan(CAPACITY);
      this.#memory[row.slot]!.push('adapter' in row ? row.token + 1000 : row.token);
      return;
    }
    const shift = row.adapter === undefined ? 0 : 100 * row.adapter.digest.charCodeAt(0);
    this.#memory[row.slot] = row.tokens.map((token) => token + shift);
  }

  #logits(memory: readonly number[]): Float32Array {
    const hash = memory.reduce((state, token) => (Math.imul(state, 31) + token + 1) | 0, 17);
    return Float32Array.from(
      { length: VOCABULARY },
      (_, id) => ((Math.imul(hash ^ (id * 0x9e37), 0x85eb_ca6b) >>> 8) % 1000) / 250,
    );
  }
}

const letters = 'abcdefghijk';
const text = {
  endTokens: new Set([END]),
  detokenizer: () => ({ push: (id: number) => letters[id] ?? '?', end: () => '' }),
};
const engineOf = (executor: Executor, prefillTokens = 16): Engine =>
  new Engine(executor, text, { prefillTokens });
const greedy = { temperature: 0, topK: 0, topP: 1, seed: 0 };
const ask = (request: Partial<GenerationRequest> = {}): GenerationRequest => ({
  prompt: [3, 4, 5],
  maxTokens: 6,
  sampling: greedy,
  ...request,
});

async function all(events: AsyncIterable<TokenEvent>): Promise<TokenEvent[]> {
  const seen: TokenEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}
const tokens = (events: readonly TokenEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'token' ? [event.tokenId] : []));
const textOf = (events: readonly TokenEvent[]): string =>
  events.map((event) => (event.type === 'token' ? event.text : '')).join('');
const endOf = (events: readonly TokenEvent[]): Extract<TokenEvent, { type: 'finished' }> => {
  const last = events.at(-1);
  if (last?.type !== 'finished') throw new Error('the events do not end');
  return last;
};
const alone = (request: GenerationRequest): Promise<TokenEvent[]> =>
  all(engineOf(new HashExecutor(1)).submit(request));

describe('Engine', () => {
  it('numbers its tokens and ends with what it used', async () => {
    const events = await alone(ask());
    const ids = tokens(events);
    expect(events.map((event) => (event.type === 'token' ? event.index : 'end'))).toEqual([
      ...ids.keys(),
      'end',
    ]);
    const end = endOf(events);
    expect(end.usage).toEqual({ promptTokens: 3, completionTokens: ids.length });
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
    const requests = Array.from({ length: 30 }, (_, first) => ask({ prompt: [first], maxTokens: 20 }));
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
      ask({ prompt: new Array<number>(24).fill(1) }),
      /24 tokens.*holds 24/,
    ],
    ['no answer', ask({ maxTokens: 0 }), /maxTokens must be a whole number of at least 1, got 0/],
    ['top-p 0', ask({ sampling: { ...greedy, topP: 0 } }), /topP must be above 0/],
    ['a negative temperature', ask({ sampling: { ...greedy, temperature: -1 } }), /temperature must be/],
  ])('refuses %s at once', (_name, request, message) => {
    const engine = engineOf(new HashExecutor(1));
    expect(() => engine.submit(request)).toThrow(message);
    expect(engine.load).toEqual({ waiting: 0, running: 0 });
  });

  it('decodes rows of any prompt adapter in one run, and others in a run of their own', async () => {
    const executor = new HashExecutor(4);
    const engine = engineOf(executor, 100);
    const asked = [served('x'), served('y'), undefined, served('z', true)].map((adapter, row) =>
      ask({ prompt: [row + 5], adapter, maxTokens: 4 }),
    );
    const answers = await Promise.all(asked.map((request) => all(engine.submit(request))));
    expect(executor.plans[0]?.prefill.map((rows) => rows.map(({ adapter }) => adapter?.digest))).toEqual([
      ['x', 'y', undefined],
      ['z'],
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
    expect(engine.load).toEqual({ waiting: 0, running: 0 });
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

const adapters = [undefined, served('x'), served('y'), served('v', true), served('w', true)];
const arrivals = fc.array(
  fc.record({
    prompt: fc.array(fc.nat({ max: VOCABULARY - 1 }), { minLength: 1, maxLength: CAPACITY - 1 }),
    adapter: fc.constantFrom(...adapters),
    maxTokens: fc.integer({ min: 1, max: 30 }),
    temperature: fc.constantFrom(0, 1),
    seed: fc.nat(),
    /** Turns of the event loop before it is submitted. */
    delay: fc.nat({ max: 4 }),
    /** Tokens after which it is cancelled; beyond the answer: never. */
    patience: fc.constantFrom(0, 1, 3, 99, 99, 99),
  }),
  { minLength: 1, maxLength: 12 },
);

describe('any arrivals, lengths, adapters and cancellations', () => {
  it('give every request the tokens of its solo run, and free all slots', async () => {
    await fc.assert(
      fc.asyncProperty(
        arrivals,
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(1, 8, 40),
        async (rows, slots, budget) => {
          const executor = new HashExecutor(slots);
          const engine = engineOf(executor, budget);
          const answers: Promise<[TokenEvent[], TokenEvent[]]>[] = [];
          for (const { temperature, seed, delay, patience, ...rest } of rows) {
            const request = ask({ ...rest, sampling: { ...greedy, temperature, seed } });
            for (let turn = 0; turn < delay; turn++) await new Promise(setImmediate);
            answers.push(Promise.all([impatient(engine, request, patience), alone(request)]));
          }
          for (const [together, solo] of await Promise.all(answers)) {
            const [got, wanted] = [tokens(together), tokens(solo)];
            const { reason, batch } = endOf(together);
            if (reason === 'cancelled') expect(wanted.slice(0, got.length)).toEqual(got);
            else expect([got, reason, textOf(together)]).toEqual([wanted, endOf(solo).reason, textOf(solo)]);
            expect(batch.maxRows).toBeLessThanOrEqual(slots);
          }
          expect(engine.load).toEqual({ waiting: 0, running: 0 });
          for (const plan of executor.plans) expect(rowsOf(plan).length).toBeLessThanOrEqual(slots);
          for (const [request, step] of firstSteps(executor.plans)) {
            // Nobody overtakes.
            for (const [other, earlier] of firstSteps(executor.plans)) {
              if (other < request) expect(earlier).toBeLessThanOrEqual(step);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

async function impatient(
  engine: Engine,
  request: GenerationRequest,
  patience: number,
): Promise<TokenEvent[]> {
  const abort = new AbortController();
  const seen: TokenEvent[] = [];
  if (patience === 0)
    setImmediate(() => {
      abort.abort();
    });
  for await (const event of engine.submit(request, abort.signal)) {
    seen.push(event);
    if (seen.length === patience) abort.abort();
  }
  return seen;
}

/** The step in which each request entered. */
function firstSteps(plans: readonly StepPlan[]): [number, number][] {
  return plans.flatMap((plan, step) =>
    plan.prefill.flat().map(({ request }): [number, number] => [request, step]),
  );
}
