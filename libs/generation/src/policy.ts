import {
  emptyStep,
  type AdaptedDecodeRow,
  type DecodeRow,
  type LoadedBlocks,
  type Move,
  type PrefillRow,
  type ReplayRow,
  type StepPlan,
} from './plan.js';
import type { ServedAdapter } from './served-adapter.js';
import { pack } from './slots.js';

/** A request that has no slot: it is new, or lost it. */
export interface WaitingRow {
  readonly request: number;
  /** Slots that are set aside for it: more than one where its beams follow from one prompt. */
  readonly width: number;
  readonly prompt: readonly number[];
  /** What was chosen so far. */
  readonly answer: readonly number[];
  readonly adapter: ServedAdapter | undefined;
  /** Lower ones keep their slots longest. */
  readonly priority: number;
  /** Blocks of its prompt that need not be read. */
  readonly kept: readonly string[];
}

/** A request that has a slot, or one of its beams. */
export interface RunningRow extends WaitingRow {
  /** Rows of one owner lose their slots together. */
  readonly owner: number;
  readonly slot: number;
  /** Tokens of prompt and answer that the slot holds. */
  readonly held: number;
}

export interface EngineState {
  /** In the order in which they are admitted. */
  readonly waiting: readonly WaitingRow[];
  readonly running: readonly RunningRow[];
}

export interface StepLimits {
  readonly slots: number;
  /** Most prompt tokens in one step, padding included; a longer prompt is read in chunks. Beside answers, a part of them. */
  readonly prefillTokens: number;
  /** False: a slot that holds something takes one more token at a time, so prompts are read whole. */
  readonly chunks: boolean;
  /** Most tokens in all slots together; a single request may always have what it needs. */
  readonly cacheTokens: number;
  /** Tokens of a block. */
  readonly blockTokens: number;
}

/** Tokens that must be free for each request that is admitted or runs, so that it is not preempted right away. */
const SPARE_TOKENS = 8;

/** The least part of the prompt tokens of a step that it may read while answers wait for it. */
const BESIDE_ANSWERS = 1 / 8;

/**
 * The next step: everybody whose prompt is read gets a token, then prompts are read within the budget: first those
 * that were begun, then those of the waiting requests, into free slots. Nobody overtakes, so nobody starves. Where the
 * slots would hold too much, those who came last lose theirs. A beam search is admitted where all of its beams have slots.
 */
export function planStep(state: EngineState, limits: StepLimits): StepPlan {
  const preempted = new Set(preempt(state.running, limits.cacheTokens));
  const running = state.running.filter(({ owner }) => !preempted.has(owner));
  const { moves, low, high } = lay(running, limits);
  const reading = [...low.reading, ...high.reading];
  const waiting = preempted.size > 0 ? [] : withRoom(state.waiting, running, limits);
  const prompts = reading.length + waiting.length;
  const budget = new Budget(promptTokens(running.length - reading.length, prompts, limits));
  const [replay, begun] = readOn(reading, budget);
  const admitted = admit(waiting, budget, limits);
  const runs = place(admitted, low.decoding.length + low.reading.length);
  return {
    ...emptyStep,
    preempted: [...preempted],
    moves,
    load: runs.flatMap((rows) => loadsOf(rows, admitted)),
    decode: low.decoding.map((row) => decodeRow(row)),
    adaptedDecode: high.decoding.map((row) => adaptedRow(row)),
    replay,
    prefill: [...begun.map((row) => [row]), ...runs],
  };
}

/**
 * Prompt tokens that a step may read. Answers under way wait for them, prompts for what the step does not read: of the
 * budget, prompts get their part of all those, so that answers come evenly, and many prompts beside few answers come soon.
 */
function promptTokens(answers: number, prompts: number, { prefillTokens, chunks }: StepLimits): number {
  if (answers === 0 || !chunks) return prefillTokens;
  return Math.ceil(prefillTokens * Math.max(BESIDE_ANSWERS, prompts / (answers + prompts)));
}

/** Who loses the slot, so that the others' next tokens fit: of those with the highest `priority`, who came last. */
function preempt(running: readonly RunningRow[], cacheTokens: number): number[] {
  let held = needs(running);
  if (held <= cacheTokens) return [];
  const owners = [...new Map(running.map((row) => [row.owner, row.priority]))]
    .sort(([a, first], [b, second]) => first - second || a - b)
    .map(([owner]) => owner);
  const needed = (owner: number): number => needs(running.filter((row) => row.owner === owner));
  const lost: number[] = [];
  while (owners.length > 1 && held > cacheTokens) {
    const last = owners.pop() ?? -1;
    held -= needed(last);
    lost.push(last);
  }
  return lost;
}

/** Positions that rows take once their slots hold all of their tokens. */
function needs(rows: readonly WaitingRow[]): number {
  return rows.reduce(
    (sum, row) => sum + row.width * (prefixOf(row) + row.prompt.length + row.answer.length),
    0,
  );
}

function slotsOf(rows: readonly WaitingRow[]): number {
  return rows.reduce((sum, { width }) => sum + width, 0);
}

/** The head of the queue for which there are slots and memory. */
function withRoom(
  waiting: readonly WaitingRow[],
  running: readonly RunningRow[],
  { slots, cacheTokens }: StepLimits,
): readonly WaitingRow[] {
  let used = slotsOf(running);
  let taken = needs(running) + SPARE_TOKENS * used;
  const fitting = waiting.findIndex((row) => {
    taken += needs([row]) + SPARE_TOKENS * row.width;
    const first = used === 0;
    used += row.width;
    return used > slots || (!first && taken > cacheTokens);
  });
  return fitting < 0 ? waiting : waiting.slice(0, fitting);
}

/** Prompt tokens that a step has left, padding included. */
class Budget {
  #begun = 0;
  #rows = 0;
  #longest = 0;

  constructor(private readonly tokens: number) {}

  get untouched(): boolean {
    return this.#begun + this.#rows === 0;
  }

  /** For a run of its own. */
  get left(): number {
    return Math.max(0, this.tokens - this.#begun - this.#rows * this.#longest);
  }

  takeAlone(tokens: number): void {
    this.#begun += tokens;
  }

  /** Whether a row fits beside those that were admitted; all are as long as the longest. */
  fits(length: number): boolean {
    return this.#begun + (this.#rows + 1) * Math.max(this.#longest, length) <= this.tokens;
  }

  take(length: number): void {
    this.#rows++;
    this.#longest = Math.max(this.#longest, length);
  }
}

interface ByAdapter {
  readonly adapter: ServedAdapter;
}

type Adapted = RunningRow & ByAdapter;

/** Whether a row decodes with its adapter too. */
function isAdapted<R extends WaitingRow>(row: R): row is R & ByAdapter {
  return row.adapter?.adaptsAnswers === true;
}

type Placed<R> = R & { readonly length: number };

interface Laid<R> {
  /** Those who get one token each, side by side from their end on. */
  readonly decoding: readonly Placed<R>[];
  /** Those whose slots lack more than that, behind them. */
  readonly reading: readonly Placed<R>[];
}

/** Rows that decode with their adapters from the high end on, all others from the low one. */
function lay(
  running: readonly RunningRow[],
  { slots, chunks }: StepLimits,
): { readonly moves: readonly Move[]; readonly low: Laid<RunningRow>; readonly high: Laid<Adapted> } {
  const placed = running.map((row) => Object.assign({ length: prefixOf(row) + row.held }, row));
  const decodes = (row: RunningRow): boolean =>
    row.held >= row.prompt.length && (!chunks || lacks(row) === 1);
  const groups = (['low', 'high'] as const).flatMap((end) => {
    const own = placed.filter((row) => isAdapted(row) === (end === 'high'));
    return [own.filter(decodes), own.filter((row) => !decodes(row))].map((rows) => ({ end, rows }));
  });
  const packed = pack(groups, slots);
  const [decoding = [], reading = [], adapted = [], adaptedReading = []] = packed.groups;
  return {
    moves: packed.moves,
    low: { decoding, reading },
    high: { decoding: adapted.filter(isAdapted), reading: adaptedReading.filter(isAdapted) },
  };
}

/** Tokens of prompt and answer that the slot does not hold yet. */
function lacks({ prompt, answer, held }: RunningRow): number {
  return prompt.length + answer.length - held;
}

function prefixOf({ adapter }: WaitingRow): number {
  return adapter?.prefix?.shape[0] ?? 0;
}

type Reading = Placed<RunningRow>;

/** Goes on with what was begun, those who came first in front; each is a run of its own. */
function readOn(rows: readonly Reading[], budget: Budget): [ReplayRow[], PrefillRow[]] {
  const replay: ReplayRow[] = [];
  const begun: PrefillRow[] = [];
  for (const row of [...rows].sort((a, b) => a.request - b.request)) {
    const { request, slot, prompt, answer, held, adapter, length } = row;
    if (budget.left === 0) break;
    const inAnswer = held >= prompt.length;
    const rest = inAnswer ? answer.slice(held - prompt.length) : prompt.slice(held);
    const tokens = rest.slice(0, budget.left);
    budget.takeAlone(tokens.length);
    if (inAnswer)
      replay.push({ request, slot, tokens, length, adapter: isAdapted(row) ? adapter : undefined });
    else begun.push({ request, slot, tokens, start: held, promptLength: prompt.length, adapter });
  }
  return [replay, begun];
}

type FirstChunk = WaitingRow & { readonly start: number; readonly chunk: readonly number[] };

/**
 * The longest head of the queue that fits the budget. A prompt that does not fit waits for the next
 * step, where it comes first: only one beyond the whole budget is read in chunks, since each run reads all weights.
 */
function admit(
  waiting: readonly WaitingRow[],
  budget: Budget,
  { chunks, blockTokens }: StepLimits,
): readonly FirstChunk[] {
  const admitted: FirstChunk[] = [];
  for (const row of waiting) {
    const start = row.kept.length * blockTokens;
    const whole = row.prompt.length - start;
    const alone = start > 0 || row.adapter?.prefix !== undefined;
    if (!(alone ? whole <= budget.left : budget.fits(whole)) && !budget.untouched) break;
    const length = chunks ? Math.min(whole, budget.left) : whole;
    if (alone) budget.takeAlone(length);
    else budget.take(length);
    admitted.push({ ...row, start, chunk: row.prompt.slice(start, start + length) });
  }
  return admitted;
}

/**
 * Prompts into the slots behind the `taken` low ones: one run of whatever adapters, since each reads all weights, then,
 * each alone, those whose slots are not empty. Those that decode apart come behind, to move away before their next token.
 */
function place(admitted: readonly FirstChunk[], taken: number): PrefillRow[][] {
  const isAlone = (row: FirstChunk): boolean => row.start > 0 || row.adapter?.prefix !== undefined;
  const ordered = [...admitted.filter((row) => !isAdapted(row)), ...admitted.filter(isAdapted)];
  const together = ordered.filter((row) => !isAlone(row));
  const placed = [...together, ...ordered.filter(isAlone)].map(
    ({ request, prompt, start, chunk, adapter }, index): PrefillRow => ({
      ...{ request, slot: taken + index, tokens: chunk, adapter },
      ...{ start, promptLength: prompt.length },
    }),
  );
  const run = placed.slice(0, together.length);
  return [...(run.length > 0 ? [run] : []), ...placed.slice(together.length).map((row) => [row])];
}

function loadsOf(rows: readonly PrefillRow[], admitted: readonly FirstChunk[]): LoadedBlocks[] {
  return rows.flatMap(({ request, slot, adapter }) => {
    const { kept = [] } = admitted.find((row) => row.request === request) ?? {};
    return kept.length > 0 ? [{ slot, adapter, blocks: kept }] : [];
  });
}

/** The first token that the slot lacks; all but the last one were chosen before the request lost its slot. */
function decodeRow({ request, slot, prompt, answer, held, length }: Reading): DecodeRow {
  return { request, slot, token: answer[held - prompt.length] ?? -1, length };
}

function adaptedRow(row: Placed<Adapted>): AdaptedDecodeRow {
  return { ...decodeRow(row), adapter: row.adapter };
}
