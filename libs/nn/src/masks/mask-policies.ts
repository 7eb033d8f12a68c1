import { AppError } from '@prad/errors';

/** A tokenised row without its padding. At inference all of it is prompt. */
interface TokenizedExample {
  readonly length: number;
  /** Tokens before the answer, separator and earlier turns included. */
  readonly promptLength: number;
}

/** Which positions of a row are adapted: float32 [length], 1 = adapted. Padding is no part of the row and stays 0. */
export type MaskPolicy = (example: TokenizedExample) => Float32Array;

/** PrAd: the prompt up to its last token, which predicts the first answer token. */
export const promptMask: MaskPolicy = ({ length, promptLength }) =>
  new Float32Array(length).fill(1, 0, promptLength);

/** The conventional method: every position. */
export const allMask: MaskPolicy = ({ length }) => new Float32Array(length).fill(1);

/** Every policy by the name of its scope; a new one adds its line. */
const policies: Readonly<Record<string, MaskPolicy>> = { prompt: promptMask, all: allMask };

const maskScopes: readonly string[] = Object.keys(policies);

/** @throws AppError invalid `unknown_scope`. */
export function maskPolicy(scope: string): MaskPolicy {
  const found = Object.hasOwn(policies, scope) ? policies[scope] : undefined;
  if (!found) {
    throw new AppError({
      kind: 'invalid',
      code: 'unknown_scope',
      message: `unknown scope ${JSON.stringify(scope)}; known are ${maskScopes.join(', ')}`,
      details: { scope },
    });
  }
  return found;
}

/** Whether a scope adapts tokens after the prompt, so that decode needs the adapter too. */
export function adaptsAnswers(scope: string): boolean {
  return maskPolicy(scope)({ length: 2, promptLength: 1 })[1] === 1;
}
