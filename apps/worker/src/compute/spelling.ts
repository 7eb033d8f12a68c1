import { AppError } from '@prad/errors';
import type { ShownToken } from '@prad/generation';
import type { AnswerToken, GenerationRequest } from '@prad/queue';
import type { RequestPrompt } from './generation-messages.js';
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
    throw outside(param, `the token ${id}`, vocabSize);
  }
}

/** Looks through the prompts that are tokens. @throws AppError invalid `token_outside_vocabulary`. */
export function checkPromptTokens(param: string, prompts: readonly RequestPrompt[], vocabSize: number): void {
  for (const [index, prompt] of prompts.entries()) {
    if (prompt.kind !== 'tokens') continue;
    const place = prompt.tokens.findIndex((id) => id >= vocabSize);
    if (place < 0) continue;
    const where = `at place ${place}${prompts.length > 1 ? ` of list ${index}` : ''}`;
    throw outside(param, `the token ${prompt.tokens[place]} ${where}`, vocabSize);
  }
}

function outside(param: string, what: string, vocabSize: number): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'token_outside_vocabulary',
    message: `\`${param}\` names ${what}; the model has the tokens 0 to ${vocabSize - 1}`,
    details: { param },
  });
}
