import { AppError } from '@prad/errors';
import type { ShownToken } from '@prad/generation';
import type { AnswerToken, GenerationRequest } from '@prad/queue';
import { storable } from './storable.js';

/** The bytes of a token within a text. */
export type Spelling = (id: number) => Uint8Array;

/** A token as clients are told of it. */
export function spelled({ tokenId, logprob, offset, top }: ShownToken, spell: Spelling): AnswerToken {
  const one = (id: number, its: number) => {
    const bytes = Buffer.from(spell(id));
    return { token: storable(bytes.toString()), bytes: bytes.toString('base64'), logprob: its };
  };
  return { ...one(tokenId, logprob), offset, top: top.map((other) => one(other.tokenId, other.logprob)) };
}

/** @throws AppError invalid `token_outside_vocabulary`. */
export function checkTokenIds(
  { logitBias, stopTokenIds }: Pick<GenerationRequest['sampling'], 'logitBias' | 'stopTokenIds'>,
  vocabSize: number,
): void {
  const named = [
    ...Object.keys(logitBias).map((id) => ['logit_bias', Number(id)] as const),
    ...stopTokenIds.map((id) => ['stop_token_ids', id] as const),
  ];
  for (const [param, id] of named) {
    if (id < vocabSize) continue;
    throw new AppError({
      kind: 'invalid',
      code: 'token_outside_vocabulary',
      message: `\`${param}\` names the token ${id}; the model has the tokens 0 to ${vocabSize - 1}`,
      details: { param },
    });
  }
}
