import type { Completion, CompletionChunk, FinishReason } from '@prad/contracts';
import { toSeconds } from '../http/page.view.js';
import { toFacts, toUsage } from './generation-facts.view.js';
import type { Answer, StartedGeneration, TextPiece } from './generation.service.js';
import { toCompletionLogprobs, toPromptLogprobs } from './logprobs.view.js';
import type { ChunkView } from './stream-answer.js';

function head(started: StartedGeneration) {
  const { id, createdAt, model } = started;
  return { id, object: 'text_completion' as const, created: toSeconds(createdAt), model };
}

/** @param echo whether the texts begin with their prompts. */
export function toCompletion(
  started: StartedGeneration,
  answer: Answer,
  { echo, promptLogprobs }: { readonly echo: boolean; readonly promptLogprobs: boolean },
): Completion {
  const { choices, prompts } = answer.result;
  return {
    ...head(started),
    choices: choices.map(({ text, tokens, finishReason }, index) => {
      const prompt = prompts?.[Math.floor((index * prompts.length) / choices.length)] ?? [];
      return {
        index,
        text,
        finish_reason: finishReason,
        logprobs: tokens && toCompletionLogprobs(echo ? [...prompt, ...tokens] : tokens),
        ...(promptLogprobs && { prompt_logprobs: toPromptLogprobs(prompt) }),
      };
    }),
    usage: toUsage(answer),
    prad: toFacts(started, answer),
  };
}

/** The chunks of a streamed completion. */
export class CompletionChunks implements ChunkView<CompletionChunk> {
  constructor(private readonly started: StartedGeneration) {}

  opening(): readonly CompletionChunk[] {
    return [];
  }

  text(index: number, { text, tokens }: TextPiece): CompletionChunk {
    const logprobs = tokens && toCompletionLogprobs(tokens);
    return this.chunk({ index, text, finish_reason: null, logprobs });
  }

  finish(index: number, reason: FinishReason): CompletionChunk {
    return this.chunk({ index, text: '', finish_reason: reason, logprobs: null });
  }

  empty(): CompletionChunk {
    return { ...head(this.started), choices: [] };
  }

  private chunk(choice: CompletionChunk['choices'][number]): CompletionChunk {
    return { ...head(this.started), choices: [choice] };
  }
}
