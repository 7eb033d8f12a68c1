import { tokensOf, type StepPlan } from './plan.js';
import type { Sequence } from './sequence.js';

/** What one step did, for measurements. Times are milliseconds. */
export interface StepFacts {
  /** What the executor took. */
  readonly ms: number;
  /** What the engine itself took, from its plan to the last token's choice. */
  readonly overheadMs: number;
  /** Answers that went on by a token. */
  readonly decodeRows: number;
  /** Prompts, or chunks of them, that were read. */
  readonly prefillRows: number;
  readonly promptTokens: number;
  /** Prompt tokens that need not be read, since earlier prompts began with them. */
  readonly keptTokens: number;
  /** Tokens of answers that were put back into a slot. */
  readonly replayedTokens: number;
  /** Tokens that were chosen, of all choices; a beam search chooses one a step for all of its beams. */
  readonly chosen: number;
  /** Different adapters among the rows. */
  readonly adapters: number;
  /** From the previous token of the answers that went on to this one; undefined where none did. */
  readonly interTokenMs: number | undefined;
  /** From the submission of each request that was admitted to this step. */
  readonly queueMs: readonly number[];
  /** From the submission of each request that got its first token to that. */
  readonly firstTokenMs: readonly number[];
}

/** What took part in a step, and what came of it. */
export interface StepParts {
  readonly plan: StepPlan;
  /** Tokens of a kept block. */
  readonly blockTokens: number;
  readonly together: readonly Sequence[];
  /** Those who were admitted for the first time. */
  readonly admitted: readonly Sequence[];
  /** Those who got a token. */
  readonly chosen: readonly Sequence[];
}

interface StepTimes {
  readonly planned: number;
  readonly started: number;
  readonly ran: number;
  readonly chosen: number;
  /** The end of the step before. */
  readonly previous: number;
}

export function stepFacts(
  { plan, blockTokens, together, admitted, chosen }: StepParts,
  times: StepTimes,
): StepFacts {
  const prompts = plan.prefill.flat();
  const decodeRows = plan.decode.length + plan.adaptedDecode.length;
  return {
    ms: times.ran - times.started,
    overheadMs: times.started - times.planned + times.chosen - times.ran,
    decodeRows,
    prefillRows: prompts.length,
    promptTokens: prompts.reduce((sum, row) => sum + tokensOf(row), 0),
    keptTokens: plan.load.reduce((sum, { blocks }) => sum + blocks.length, 0) * blockTokens,
    replayedTokens: plan.replay.reduce((sum, row) => sum + tokensOf(row), 0),
    chosen: chosen.length,
    adapters: new Set(together.flatMap(({ request }) => request.adapter?.digest ?? [])).size,
    interTokenMs: decodeRows > 0 ? times.ran - times.previous : undefined,
    queueMs: admitted.flatMap(({ queueMs }) => queueMs ?? []),
    firstTokenMs: chosen.flatMap(({ choice, answer, firstTokenMs }) =>
      choice === 0 && answer.length === 1 ? (firstTokenMs ?? []) : [],
    ),
  };
}
