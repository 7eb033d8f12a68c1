import type { ChatLogprobs, CompletionLogprobs, PromptLogprobs } from '@prad/contracts';
import type { AnswerToken, PromptToken } from '@prad/queue';

export function toChatLogprobs(tokens: readonly AnswerToken[]): ChatLogprobs {
  const content = tokens.map(({ top, ...token }) => ({
    ...toTokenLogprob(token),
    top_logprobs: top.map(toTokenLogprob),
  }));
  return { content, refusal: null };
}

export function toPromptLogprobs(tokens: readonly PromptToken[]): PromptLogprobs {
  return tokens.map(({ token, logprob, bytes, top }) => ({
    ...{ token, logprob, bytes: bytesOf(bytes) },
    top_logprobs: top.map(toTokenLogprob),
  }));
}

export function toCompletionLogprobs(tokens: readonly (AnswerToken | PromptToken)[]): CompletionLogprobs {
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ token, logprob, top }) =>
      logprob === null
        ? null
        : { ...Object.fromEntries(top.map((other) => [other.token, other.logprob])), [token]: logprob },
    ),
    text_offset: tokens.map(({ offset }) => offset),
  };
}

function toTokenLogprob({ token, logprob, bytes }: Pick<AnswerToken, 'token' | 'logprob' | 'bytes'>) {
  return { token, logprob, bytes: bytesOf(bytes) };
}

function bytesOf(base64: string): number[] {
  return [...Buffer.from(base64, 'base64')];
}
