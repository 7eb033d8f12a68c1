import { AppError } from '@prad/errors';
import { BeamSearch, type BeamOptions } from './beam-search.js';
import type { BlockLayout, RowLogits } from './executor.js';
import type { GenerationRequest } from './generation-request.js';
import { Sequence, type SlotRow } from './sequence.js';
import { StopMatcher } from './stop.js';
import type { TextRules } from './text-rules.js';
import type { FoundAnswer } from './token-event.js';

export type BeamRequest = GenerationRequest & { readonly beams: BeamOptions };

/**
 * A request that is answered by beam search. Its prompt is read once, in one slot; from its first token on each beam has a
 * slot of its own, whose number stays while the beam goes on. A beam that goes on in two ways is copied into the slot of one
 * that does not. All of them have their logits in the same step, since decoding has no budget. Where it loses its slots it
 * begins again.
 */
export class BeamSequence extends Sequence {
  #search: BeamSearch;
  /** In the order of the search's beams; empty before the first token. */
  #beams: readonly SlotRow[] = [];
  #found: readonly FoundAnswer[] = [];

  constructor(
    id: number,
    private readonly asked: BeamRequest,
    text: TextRules,
    limit: number,
    layout?: BlockLayout,
  ) {
    super(id, asked, text, limit, layout);
    this.#search = this.#begin();
  }

  override get width(): number {
    return this.asked.beams.numBeams;
  }

  override get rows(): readonly SlotRow[] {
    return this.#beams.length > 0 ? this.#beams : [this];
  }

  /** The likeliest so far. */
  override get answer(): readonly number[] {
    return this.#search.beams[0]?.tokens ?? [];
  }

  override preempt(): void {
    super.preempt();
    this.#search = this.#begin();
    this.#beams = [];
  }

  override choose(logitsOf: (row: number) => RowLogits): readonly Sequence[] {
    const rows = this.rows;
    this.#search.step(rows.map(({ id }) => logitsOf(id).values));
    this.mark();
    if (this.#search.done) this.#end();
    else this.#follow(rows);
    return [this];
  }

  protected override get completionTokens(): number {
    if (this.#found.length === 0) return this.answer.length;
    return this.#found.reduce((sum, { tokens }) => sum + tokens.length, 0);
  }

  #begin(): BeamSearch {
    const { stop = [], beams } = this.asked;
    const stops = (tokens: readonly number[]): boolean =>
      stop.length > 0 && this.#spell(tokens, false).reason === 'stop';
    return new BeamSearch(beams, { limit: this.limit, endTokens: this.text.endTokens, stops });
  }

  /** Gives each beam of the step a row: that of its parent, or of a beam that ended, or a new one. */
  #follow(rows: readonly SlotRow[]): void {
    const { beams } = this.#search;
    const parents = new Set(beams.map(({ parent }) => parent));
    const ids = Array.from({ length: this.width }, (_, place) => this.id + place);
    const spare = [
      ...rows.filter((_, place) => !parents.has(place)),
      ...ids.filter((id) => !rows.some((row) => row.id === id)).map((id) => ({ id, slot: -1 })),
    ];
    this.#beams = beams.map(({ parent, tokens }): SlotRow => {
      const before = rows[parent] ?? this;
      const row = parents.delete(parent) ? before : (spare.shift() ?? before);
      const from = row === before ? undefined : before.slot;
      return { id: row.id, slot: row.slot, from, held: before.held, answer: tokens };
    });
  }

  #end(): void {
    const best = this.#search.hypotheses.slice(0, this.asked.beams.numReturnSequences);
    this.#found = best.map(({ tokens, score }) => ({ tokens, score, ...this.#spell(tokens, true) }));
    this.channel.push({ type: 'found', answers: this.#found });
    this.finish(this.#found[0]?.reason ?? 'length');
  }

  /** What tokens say, up to a stop string; `whole`: no more follow. */
  #spell(tokens: readonly number[], whole: boolean): Pick<FoundAnswer, 'text' | 'reason'> {
    const detokenizer = this.text.detokenizer();
    const matcher = new StopMatcher(this.request.stop ?? []);
    const ended = this.text.endTokens.has(tokens.at(-1) ?? -1);
    const pieces = tokens.slice(0, ended ? -1 : undefined).map((token) => detokenizer.push(token));
    if (whole) pieces.push(detokenizer.end());
    let text = '';
    for (const piece of pieces) {
      const step = matcher.push(piece);
      text += step.text;
      if (step.stopped) return { text, reason: 'stop' };
    }
    return { text: text + matcher.flush(), reason: ended ? 'stop' : 'length' };
  }
}

/** What an engine has for one request. */
interface Room {
  readonly slots: number;
  readonly cacheTokens: number;
  /** Tokens that each beam may come to, prompt and answer together. */
  readonly longest: number;
}

/** @throws AppError invalid `invalid_beams`, `too_many_beams`, `beams_too_long`. */
export function checkBeams({ beams, sampling }: BeamRequest, { slots, cacheTokens, longest }: Room): void {
  const { numBeams, lengthPenalty, numReturnSequences } = beams;
  const rules: readonly (readonly [string, number, boolean, string])[] = [
    ['num_beams', numBeams, Number.isSafeInteger(numBeams) && numBeams >= 2, 'a whole number of at least 2'],
    ['length_penalty', lengthPenalty, Number.isFinite(lengthPenalty), 'a finite number'],
    [
      'n',
      numReturnSequences,
      Number.isSafeInteger(numReturnSequences) && numReturnSequences >= 1 && numReturnSequences <= numBeams,
      `a whole number from 1 to num_beams, ${numBeams}`,
    ],
    [
      'temperature',
      sampling.temperature,
      sampling.temperature === 0,
      '0, since a beam search does not sample',
    ],
  ];
  for (const [name, value, holds, expected] of rules) {
    if (!holds) throw refused('invalid_beams', `${name} must be ${expected}, got ${value}`, name);
  }
  if (numBeams > slots) {
    throw refused(
      'too_many_beams',
      `num_beams ${numBeams} takes as many sequences at a time; the engine has ${slots}`,
    );
  }
  if (numBeams * longest > cacheTokens) {
    throw refused(
      'beams_too_long',
      `${numBeams} beams of up to ${longest} tokens each need room for ${numBeams * longest}, and the memory for keys and values holds ${cacheTokens}; ask for fewer beams or tokens`,
    );
  }
}

function refused(code: string, message: string, param = 'num_beams'): AppError {
  return new AppError({ kind: 'invalid', code, message, details: { param } });
}
