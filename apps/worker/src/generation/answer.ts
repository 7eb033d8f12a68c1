import type { InferenceJob, InferenceOutcome } from '@prad/domain';
import { AppError } from '@prad/errors';
import type { AnswerToken, GenerationEvent, GenerationResult, PromptToken } from '@prad/queue';
import type { GenerateEvent } from '../compute/generation-messages.js';

type End = Extract<GenerateEvent, { type: 'end' }>;

/** Gathers what the engine tells of one request into its row's result. */
export class Answer {
  readonly #texts: string[];
  readonly #tokens: AnswerToken[][];
  readonly #prompts: PromptToken[][] = [];
  readonly #ends = new Map<number, End>();

  /** @param logprobs whether the answers' tokens are kept, too. */
  constructor(
    choices: number,
    private readonly logprobs: boolean,
  ) {
    this.#texts = Array.from({ length: choices }, () => '');
    this.#tokens = Array.from({ length: choices }, () => []);
  }

  /** Takes an event in and returns what readers of the stream are told, if anything. */
  take(event: GenerateEvent): GenerationEvent | undefined {
    if (event.type === 'prompt') {
      this.#prompts[event.prompt] = [...event.tokens];
      return undefined;
    }
    const { choice } = event;
    if (event.type === 'end') {
      this.#ends.set(choice, event);
      return { choice, text: '', finishReason: event.finishReason };
    }
    this.#texts[choice] = (this.#texts[choice] ?? '') + event.text;
    const told = { choice, text: event.text, finishReason: null };
    if (!event.tokens) return told;
    this.#tokens[choice]?.push(...event.tokens);
    return { ...told, tokens: [...event.tokens] };
  }

  /** What the row keeps. Throws bug `unfinished_answer` when a choice has not ended. */
  outcome({ createdAt, startedAt }: InferenceJob): InferenceOutcome {
    const ends = this.#texts.map((_, choice) => this.#end(choice));
    const result: GenerationResult = {
      choices: ends.map(({ choice, finishReason, logProbabilities }) => ({
        text: this.#texts[choice] ?? '',
        finishReason,
        logProbabilities: logProbabilities && [...logProbabilities],
        tokens: this.logprobs ? (this.#tokens[choice] ?? []) : null,
      })),
      prompts: this.#prompts.length > 0 ? this.#prompts : null,
      batch: { maxRows: most(ends, 'maxRows'), maxAdapters: most(ends, 'maxAdapters') },
    };
    return {
      result,
      usage: {
        promptTokens: sum(ends, 'promptTokens'),
        cachedTokens: sum(ends, 'cachedTokens'),
        completionTokens: sum(ends, 'completionTokens'),
      },
      timings: {
        queueMs: startedAt === null ? null : startedAt.getTime() - createdAt.getTime(),
        prefillMs: most(ends, 'prefillMs'),
        decodeMs: most(ends, 'decodeMs'),
      },
    };
  }

  #end(choice: number): End {
    const end = this.#ends.get(choice);
    if (end) return end;
    throw new AppError({
      kind: 'bug',
      code: 'unfinished_answer',
      message: `the engine ended the request without an end of choice ${choice}`,
    });
  }
}

type Count =
  | ('promptTokens' | 'cachedTokens' | 'completionTokens')
  | ('prefillMs' | 'decodeMs' | 'maxRows' | 'maxAdapters');

function most(ends: readonly End[], what: Count): number {
  return Math.max(...ends.map((end) => end[what]));
}

function sum(ends: readonly End[], what: Count): number {
  return ends.reduce((total, end) => total + end[what], 0);
}
