import type { TokenGrammar, TokenMatcher } from '../src/token-grammar.js';
import { END, letters } from './hash-executor.js';

/** Whether each token is a third of the letters apart from the one before it, and the end comes behind every third alone. */
export function isThird(tokens: readonly number[]): boolean {
  return tokens.every((id, place) => isAllowed(tokens.slice(0, place), id));
}

function isAllowed(before: readonly number[], id: number): boolean {
  if (id === END) return before.length > 0 && before.length % 3 === 0;
  return (id + (before.at(-1) ?? 0) + before.length) % 3 === 0;
}

/** A grammar that knows all of its answer, so that one which came back to the wrong place shows. */
export class ThirdGrammar implements TokenGrammar {
  /** Matchers that were not closed. */
  open = 0;

  readonly begin = (): Promise<TokenMatcher> => {
    const accepted: number[] = [];
    this.open += 1;
    return Promise.resolve({
      allowed: () => {
        let bits = 0;
        for (let id = 0; id < letters.length; id++) if (isAllowed(accepted, id)) bits |= 1 << id;
        return Promise.resolve(Int32Array.of(bits));
      },
      accept: (id) => {
        if (!isAllowed(accepted, id)) throw new Error(`${id} is not allowed behind ${accepted.join()}`);
        accepted.push(id);
      },
      close: () => {
        this.open -= 1;
      },
    });
  };
}
