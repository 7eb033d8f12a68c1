import fc from 'fast-check';
import { expect } from 'vitest';
import { isCut } from '../src/choices.js';
import type { Engine } from '../src/engine.js';
import type { GenerationRequest } from '../src/generation-request.js';
import { rowsOf, type StepPlan } from '../src/plan.js';
import type { TokenEvent } from '../src/token-event.js';
import { isThird, ThirdGrammar } from './third-grammar.js';
import { alone, ask, choicesOf, engineOf, foundOf, greedy, tokens, widthOf } from './asking.js';
import { CAPACITY, HashExecutor, letters, served } from './hash-executor.js';

const adapters = [
  ...[undefined, served('x'), served('y'), served('p', false, 2)],
  ...[served('x', true), served('w', true), served('p', true, 2)],
];

const arrivals = fc.array(
  fc.record({
    // Many begin alike.
    prompt: fc
      .tuple(
        fc.constantFrom([], [1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7], [1, 2, 9, 9, 1, 2]),
        fc.array(fc.nat({ max: letters.length - 1 }), { minLength: 1, maxLength: 10 }),
      )
      .map((parts) => parts.flat()),
    adapter: fc.constantFrom(...adapters),
    maxTokens: fc.integer({ min: 1, max: 44 }),
    temperature: fc.constantFrom(0, 1),
    rules: fc.constantFrom({}, { repetitionPenalty: 1.5, minTokens: 1 }, { presencePenalty: 2, minP: 0.1 }),
    grammar: fc.constantFrom(undefined, undefined, 'every third' as const),
    seed: fc.nat(),
    share: fc.constantFrom('', 'a', 'b'),
    priority: fc.constantFrom(0, 0, 1),
    /** Turns of the event loop before it is submitted. */
    delay: fc.nat({ max: 4 }),
    /** Tokens after which it is cancelled; beyond the answer: never. */
    patience: fc.constantFrom(0, 2, 5, 12, 99, 99, 99, 99, 99, 99),
    /** Whether it is cancelled by its reader's leaving, and not by its signal. */
    leaves: fc.boolean(),
    n: fc.constantFrom(1, 1, 1, 2, 3, 4),
    /** Samples beyond these that are not given. */
    unseen: fc.constantFrom(0, 0, 1, 2),
    beams: fc.option(
      fc.record({
        numBeams: fc.integer({ min: 2, max: 4 }),
        lengthPenalty: fc.constantFrom(-1, 0, 1, 2),
        earlyStopping: fc.constantFrom(true, false, 'never' as const),
        numReturnSequences: fc.integer({ min: 1, max: 2 }),
      }),
      { freq: 3, nil: undefined },
    ),
  }),
  { minLength: 1, maxLength: 12 },
);
type Arrival = Parameters<Parameters<typeof arrivals.map>[0]>[0][number];

const limits = fc.record({
  slots: fc.integer({ min: 1, max: 6 }),
  prefillTokens: fc.constantFrom(1, 3, 8, 40),
  cacheBytes: fc.constantFrom(CAPACITY, CAPACITY + 20, 2 * CAPACITY, 999),
  prefixCacheBytes: fc.constantFrom(0, 7, 16, 200),
  chunks: fc.boolean(),
});
type Limits = typeof limits extends fc.Arbitrary<infer L> ? L : never;

/** What happened in all scenarios, so that a test can show that they exercise what they are for. */
export interface Tally {
  preempted: number;
  chunks: number;
  replayed: number;
  /** Prompts that began with kept blocks. */
  loaded: number;
  evicted: number;
  cancelled: number;
  /** Beam searches that found their answers, those that began again, and slots that got a beam's copy. */
  found: number;
  restarted: number;
  copied: number;
  beamsCancelled: number;
  /** Requests of several choices that ended, choices that lost their slots alone, and the requests of which the best were given. */
  several: number;
  choicesPreempted: number;
  cut: number;
  severalCancelled: number;
  /** Requests with a grammar that ended, and answers that lost their slots and came back to it. */
  constrained: number;
  constrainedPreempted: number;
}

/**
 * Random arrivals, lengths, adapters, shares, priorities, cancellations and memory: every request gets the tokens of
 * its solo run, those of a share and priority are admitted in their order, and nothing is held in the end. The same
 * scenarios each time.
 */
export async function checkScenarios(numRuns: number): Promise<Tally> {
  const tally: Tally = {
    ...{ preempted: 0, chunks: 0, replayed: 0, loaded: 0, evicted: 0, cancelled: 0 },
    ...{ found: 0, restarted: 0, copied: 0, beamsCancelled: 0 },
    ...{ several: 0, choicesPreempted: 0, cut: 0, severalCancelled: 0 },
    ...{ constrained: 0, constrainedPreempted: 0 },
  };
  await fc.assert(
    fc.asyncProperty(arrivals, limits, (rows, size) => scenario(rows, size, tally)),
    { numRuns, seed: 25 },
  );
  return tally;
}

async function scenario(rows: readonly Arrival[], size: Limits, tally: Tally): Promise<void> {
  const executor = new HashExecutor(size.slots, size);
  const checkMemory = (): void => {
    const { heldTokens, running, prefixBytes } = engine.load;
    expect(prefixBytes).toBe(executor.blockBytes);
    expect(prefixBytes).toBeLessThanOrEqual(size.prefixCacheBytes);
    if (running > 1) expect(heldTokens).toBeLessThanOrEqual(size.cacheBytes);
  };
  const engine = engineOf(executor, { ...size, onStep: checkMemory });
  const grammar = new ThirdGrammar();
  const answers: Promise<[TokenEvent[], TokenEvent[]]>[] = [];
  const submitted: { readonly id: number; readonly request: GenerationRequest }[] = [];
  let id = 0;
  for (const arrival of rows) {
    await turns(arrival.delay);
    const request = requestOf(arrival, size, grammar);
    submitted.push({ id, request });
    id += widthOf(request);
    answers.push(Promise.all([impatient(engine, request, arrival), alone(request)]));
  }
  for (const [index, [together, solo]] of (await Promise.all(answers)).entries()) {
    compare(submitted[index]?.request ?? ask(), together, solo, tally);
    const end = together.at(-1);
    if (end?.type === 'finished') expect(end.batch.maxRows).toBeLessThanOrEqual(size.slots);
  }
  // A reader that left is heard before the next step.
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  const prefixBytes = executor.blockBytes;
  expect(engine.load).toEqual({ waiting: 0, running: 0, heldTokens: 0, prefixBytes });
  expect(grammar.open).toBe(0);
  checkPlans(executor.plans, new Map(submitted.map((one) => [one.id, one.request])), size);
  count(executor.plans, tally);
  const beamed = new Set(submitted.filter(({ request }) => request.beams).map((one) => one.id));
  const lost = executor.plans.flatMap(({ preempted }) => preempted);
  tally.restarted += lost.filter((request) => beamed.has(request)).length;
  const asked = new Set(submitted.map((one) => one.id));
  // Each choice has a slot, and its place in the grammar, of its own.
  const constrained = new Set(
    submitted.flatMap(({ id: first, request }) =>
      request.grammar ? Array.from({ length: widthOf(request) }, (_, choice) => first + choice) : [],
    ),
  );
  tally.constrainedPreempted += lost.filter((request) => constrained.has(request)).length;
  tally.choicesPreempted += lost.filter((request) => !asked.has(request)).length;
  await engine.close();
}

/** Expects what was told beside others to be what is told alone, up to where its reader left. */
function compare(
  { beams, grammar, n = 1, bestOf = n }: GenerationRequest,
  together: readonly TokenEvent[],
  solo: readonly TokenEvent[],
  tally: Tally,
): void {
  const ends = together.filter((event) => event.type === 'finished');
  if (ends.length === n && ends.every(({ reason }) => reason !== 'cancelled')) {
    expect(choicesOf(together)).toEqual(choicesOf(solo));
    expect(foundOf(together)).toEqual(foundOf(solo));
    if (beams) tally.found++;
    if (grammar) {
      tally.constrained++;
      expect(ends.every(({ choice }) => isThird(tokens(together, choice)))).toBe(true);
    }
    if (n > 1) tally.several++;
    if (bestOf > n) tally.cut++;
    return;
  }
  tally.cancelled++;
  if (beams) tally.beamsCancelled++;
  if (n > 1) tally.severalCancelled++;
  for (let choice = 0; choice < n; choice++) {
    const got = tokens(together, choice);
    expect(tokens(solo, choice).slice(0, got.length)).toEqual(got);
  }
}

/** As many choices as there are slots for; a beam search has as many beams and tokens as there are slots and memory for. */
function requestOf(arrival: Arrival, { slots, cacheBytes }: Limits, third: ThirdGrammar): GenerationRequest {
  const { prompt, adapter, maxTokens, temperature, rules, seed, share, priority } = arrival;
  const plain = ask({ prompt, adapter, maxTokens, share, priority });
  const numBeams = Math.min(arrival.beams?.numBeams ?? 1, slots);
  const room = Math.floor(cacheBytes / numBeams) - (adapter?.prefix?.shape[0] ?? 0) - prompt.length;
  if (!arrival.beams || numBeams < 2 || room < 1) {
    const n = Math.min(arrival.n, slots);
    const bestOf = Math.min(n + arrival.unseen, slots);
    const sampling = { ...greedy, ...rules, temperature, seed };
    if (arrival.grammar === undefined) return { ...plain, n, bestOf, sampling };
    return { ...plain, n, bestOf, sampling: { ...sampling, minTokens: 0 }, grammar: third };
  }
  return { ...plain, maxTokens: Math.min(maxTokens, room), beams: { ...arrival.beams, numBeams } };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

async function impatient(
  engine: Engine,
  request: GenerationRequest,
  { patience, leaves }: Arrival,
): Promise<TokenEvent[]> {
  const abort = new AbortController();
  const seen: TokenEvent[] = [];
  // Where all answers come at the end, nothing is told before it.
  if (patience === 0 || ((request.beams || isCut(request)) && patience < 99)) {
    void turns(1 + patience).then(() => {
      abort.abort();
    });
  }
  for await (const event of engine.submit(request, abort.signal)) {
    seen.push(event);
    if (seen.length !== patience) continue;
    if (leaves) return seen;
    abort.abort();
  }
  return seen;
}

function checkPlans(
  plans: readonly StepPlan[],
  rows: ReadonlyMap<number, GenerationRequest>,
  { slots }: Limits,
): void {
  for (const plan of plans) expect(rowsOf(plan).length).toBeLessThanOrEqual(slots);
  const first = new Map<number, number>();
  plans.forEach((plan, step) => {
    // Choices that come back after they lost their slots were not submitted.
    for (const { request } of plan.prefill.flat())
      if (rows.has(request) && !first.has(request)) first.set(request, step);
  });
  const lineOf = (request: number): string => `${rows.get(request)?.share} ${rows.get(request)?.priority}`;
  for (const [request, step] of first) {
    for (const [other, earlier] of first) {
      if (other < request && lineOf(other) === lineOf(request)) expect(earlier).toBeLessThanOrEqual(step);
    }
  }
}

function count(plans: readonly StepPlan[], tally: Tally): void {
  for (const { preempted, copies, replay, prefill, load, drop } of plans) {
    tally.copied += copies.length;
    tally.preempted += preempted.length;
    const later = prefill.flat().filter(({ start }) => start > 0).length;
    tally.chunks += later - load.length;
    tally.replayed += replay.length;
    tally.loaded += load.length;
    tally.evicted += drop.length;
  }
}
