import type { ChatLogprobs, CompletionLogprobs } from '@prad/contracts';
import type { AnswerToken } from '@prad/queue';

export function toChatLogprobs(tokens: readonly AnswerToken[]): ChatLogprobs {
  const content = tokens.map(({ top, ...token }) => ({
    ...toTokenLogprob(token),
    top_logprobs: top.map(toTokenLogprob),
  }));
  return { content, refusal: null };
}

export function toCompletionLogprobs(tokens: readonly AnswerToken[]): CompletionLogprobs {
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ token, logprob, top }) => ({
      ...Object.fromEntries(top.map((other) => [other.token, other.logprob])),
      [token]: logprob,
    })),
    text_offset: tokens.map(({ offset }) => offset),
  };
}

function toTokenLogprob({ token, logprob, bytes }: Pick<AnswerToken, 'token' | 'logprob' | 'bytes'>) {
  return { token, logprob, bytes: [...Buffer.from(bytes, 'base64')] };
}
