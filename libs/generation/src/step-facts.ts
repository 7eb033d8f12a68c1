import { rowsOf, type StepPlan } from './plan.js';
import type { Sequence } from './sequence.js';

/** What one step did, for measurements. Times are milliseconds. */
export interface StepFacts {
  /** What the executor took. */
  readonly ms: number;
  /** Answers that went on by a token. */
  readonly decodeRows: number;
  /** Prompts that were read; each gives the first token of its answer. */
  readonly prefillRows: number;
  readonly promptTokens: number;
  /** Different adapters among the rows. */
  readonly adapters: number;
  /** From the previous token of the answers that went on to this one; undefined where none did. */
  readonly interTokenMs: number | undefined;
  /** From the submission of each request whose prompt was read to its first token. */
  readonly firstTokenMs: readonly number[];
}

interface StepTimes {
  readonly started: number;
  readonly ran: number;
  /** The end of the step before. */
  readonly previous: number;
}

/** @param together the sequences of the step, after they got their tokens. */
export function stepFacts(plan: StepPlan, together: readonly Sequence[], times: StepTimes): StepFacts {
  const { started, ran, previous } = times;
  const prompts = plan.prefill.flat();
  const decodeRows = rowsOf(plan).length - prompts.length;
  const read = new Set(prompts.map(({ request }) => request));
  return {
    ms: ran - started,
    decodeRows,
    prefillRows: prompts.length,
    promptTokens: prompts.reduce((sum, { tokens }) => sum + tokens.length, 0),
    adapters: new Set(together.flatMap(({ request }) => request.adapter?.digest ?? [])).size,
    interTokenMs: decodeRows > 0 ? ran - previous : undefined,
    firstTokenMs: together.flatMap(({ id, firstTokenMs }) => (read.has(id) ? (firstTokenMs ?? []) : [])),
  };
}
