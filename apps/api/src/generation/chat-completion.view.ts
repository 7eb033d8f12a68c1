import type { ChatCompletion, ChatCompletionChunk, ChatLogprobs, FinishReason } from '@prad/contracts';
import { toSeconds } from '../http/page.view.js';
import { toFacts, toUsage } from './generation-facts.view.js';
import type { Answer, StartedGeneration, TextPiece } from './generation.service.js';
import { toChatLogprobs, toPromptLogprobs } from './logprobs.view.js';
import type { ChunkView } from './stream-answer.js';

export function toChatCompletion(started: StartedGeneration, answer: Answer): ChatCompletion {
  return {
    id: started.id,
    object: 'chat.completion',
    created: toSeconds(started.createdAt),
    model: started.model,
    choices: answer.result.choices.map(({ text, tokens, finishReason }, index) => ({
      index,
      message: { role: 'assistant', content: text, refusal: null },
      finish_reason: finishReason,
      logprobs: tokens && toChatLogprobs(tokens),
    })),
    usage: toUsage(answer),
    ...(answer.result.prompts && { prompt_logprobs: toPromptLogprobs(answer.result.prompts[0] ?? []) }),
    prad: toFacts(started, answer),
  };
}

/** The chunks of a streamed chat completion; the first of each choice tells the role. */
export class ChatCompletionChunks implements ChunkView<ChatCompletionChunk> {
  constructor(private readonly started: StartedGeneration) {}

  opening(): readonly ChatCompletionChunk[] {
    return Array.from({ length: this.started.choices }, (_, index) =>
      this.chunk(index, { role: 'assistant', content: '' }, null),
    );
  }

  text(index: number, { text, tokens }: TextPiece): ChatCompletionChunk {
    return this.chunk(index, { content: text }, null, tokens && toChatLogprobs(tokens));
  }

  finish(index: number, reason: FinishReason): ChatCompletionChunk {
    return this.chunk(index, {}, reason);
  }

  empty(): ChatCompletionChunk {
    const { id, createdAt, model } = this.started;
    return { id, object: 'chat.completion.chunk', created: toSeconds(createdAt), model, choices: [] };
  }

  private chunk(
    index: number,
    delta: ChatCompletionChunk['choices'][number]['delta'],
    reason: FinishReason | null,
    logprobs: ChatLogprobs | null = null,
  ): ChatCompletionChunk {
    return { ...this.empty(), choices: [{ index, delta, finish_reason: reason, logprobs }] };
  }
}
