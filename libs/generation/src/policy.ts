import type { AdaptedDecodeRow, DecodeRow, PrefillRow, StepPlan } from './plan.js';
import type { ServedAdapter } from './served-adapter.js';
import { pack, slotAt, type End, type Occupant } from './slots.js';

/** A request that has no slot yet. */
export interface WaitingRow {
  readonly request: number;
  readonly prompt: readonly number[];
  readonly adapter: ServedAdapter | undefined;
}

/** A request that is being answered. */
export interface RunningRow extends Occupant {
  /** The token chosen last; it is not in the slot yet. */
  readonly token: number;
  readonly adapter: ServedAdapter | undefined;
}

export interface EngineState {
  /** In the order of arrival. */
  readonly waiting: readonly WaitingRow[];
  readonly running: readonly RunningRow[];
}

export interface StepLimits {
  readonly slots: number;
  /** Most prompt tokens in one step, padding included; a longer prompt goes alone. */
  readonly prefillTokens: number;
}

/**
 * The next step: everybody who is being answered gets a token, then those who waited longest enter free slots as
 * long as their prompts fit the step. Nobody overtakes, so nobody starves.
 */
export function planStep({ waiting, running }: EngineState, limits: StepLimits): StepPlan {
  const { slots } = limits;
  const plain = pack(
    running.filter((row) => !isAdapted(row)),
    'low',
    slots,
  );
  const adapted = pack(running.filter(isAdapted), 'high', slots);
  const admitted = admit(waiting, slots - running.length, limits.prefillTokens);
  return {
    moves: [...plain.moves, ...adapted.moves],
    decode: plain.rows.map(decodeRow),
    adaptedDecode: adapted.rows.map(adaptedRow),
    prefill: [
      place(admitted.plain, 'low', plain.rows.length, slots),
      place(admitted.adapted, 'high', adapted.rows.length, slots),
    ].filter((rows) => rows.length > 0),
  };
}

/** Whether a row decodes with its adapter too. */
function isAdapted<R extends WaitingRow | RunningRow>(
  row: R,
): row is R & { readonly adapter: ServedAdapter } {
  return row.adapter?.adaptsAnswers === true;
}

interface Admitted {
  readonly plain: readonly WaitingRow[];
  readonly adapted: readonly WaitingRow[];
}

/** The longest head of the queue that fits, in the two runs that it makes. */
function admit(waiting: readonly WaitingRow[], free: number, prefillTokens: number): Admitted {
  const plain: WaitingRow[] = [];
  const adapted: WaitingRow[] = [];
  for (const row of waiting.slice(0, free)) {
    const group = isAdapted(row) ? adapted : plain;
    group.push(row);
    const first = plain.length + adapted.length === 1;
    if (first || paddedTokens(plain) + paddedTokens(adapted) <= prefillTokens) continue;
    group.pop();
    break;
  }
  return { plain, adapted };
}

function paddedTokens(rows: readonly WaitingRow[]): number {
  return rows.length * Math.max(0, ...rows.map(({ prompt }) => prompt.length));
}

/** Prompts behind a prefix come last, since each of them runs alone. */
function place(rows: readonly WaitingRow[], end: End, taken: number, slots: number): PrefillRow[] {
  const behindPrefix = (row: WaitingRow): boolean => row.adapter?.prefix !== undefined;
  return [...rows.filter((row) => !behindPrefix(row)), ...rows.filter(behindPrefix)]
    .map(({ request, prompt, adapter }, index) => ({
      request,
      slot: slotAt(end, taken + index, slots),
      tokens: prompt,
      adapter,
    }))
    .sort((a, b) => a.slot - b.slot);
}

function decodeRow({ request, slot, token, length }: RunningRow): DecodeRow {
  return { request, slot, token, length };
}

function adaptedRow(row: RunningRow & { readonly adapter: ServedAdapter }): AdaptedDecodeRow {
  return { ...decodeRow(row), adapter: row.adapter };
}
