import { AppError } from '@prad/errors';
import type { TrainingExample } from '../jsonl/training-example.js';
import type { ChatMessage, ChatTemplate } from './chat-template.js';
import type { Tokenizer } from './tokenizer.js';

/** What a request asks with: plain text, or a conversation that the model's chat template writes as text. */
export type Prompt =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'messages'; readonly messages: readonly ChatMessage[] };

/** The parts of a base model that turn text into tokens. */
export interface TextCodec {
  readonly tokenizer: Tokenizer;
  readonly chatTemplate: ChatTemplate;
}

/** What an adapter has of its own among the tokens. */
export interface OwnTokens {
  /** Reads prompts. */
  readonly promptTokenizer: Tokenizer;
  /** In front of every prompt. */
  readonly inFront: readonly number[];
  /** Where its tokens are answers' as well: what reads them, and the one that ends them. */
  readonly answers?: { readonly tokenizer: Tokenizer; readonly endTokenId: number } | undefined;
}

/** A training example as tokens: the prompt's, then the answer's, which ends with the model's end token. */
export interface TokenExample {
  readonly tokens: readonly number[];
  /** At least 1: the last prompt token predicts the first of the answer. */
  readonly promptLength: number;
}

/**
 * The tokens of a prompt. Training and serving both come through here, so an adapter meets at inference exactly
 * what it was trained on.
 *
 * @throws AppError invalid for a prompt without a token, or a conversation that the model has no template for.
 */
export function encodePrompt({ tokenizer, chatTemplate }: TextCodec, prompt: Prompt): number[] {
  const tokens =
    prompt.kind === 'text'
      ? tokenizer.encode(prompt.text, { addSpecialTokens: true })
      : tokenizer.encode(chatTemplate.render(prompt.messages, { addGenerationPrompt: true }), {
          addSpecialTokens: false,
        });
  if (tokens.length === 0) {
    throw new AppError({ kind: 'invalid', code: 'empty_prompt', message: 'the prompt has no token' });
  }
  return tokens;
}

/** A row of a training file as tokens; in a conversation, all but the last turn is prompt. */
export function encodeExample(codec: TextCodec, example: TrainingExample, own?: OwnTokens): TokenExample {
  const [prompt, answer] = partsOf(example);
  const tokenizer = own?.promptTokenizer ?? codec.tokenizer;
  const promptTokens = [...(own?.inFront ?? []), ...encodePrompt({ ...codec, tokenizer }, prompt)];
  const answerTokenizer = own?.answers?.tokenizer ?? codec.tokenizer;
  const answerTokens = answerTokenizer.encode(answer, { addSpecialTokens: false });
  return {
    tokens: [...promptTokens, ...answerTokens, own?.answers?.endTokenId ?? endToken(codec.tokenizer)],
    promptLength: promptTokens.length,
  };
}

function partsOf(example: TrainingExample): [Prompt, string] {
  if (example.kind === 'completion') return [{ kind: 'text', text: example.prompt }, example.completion];
  return [
    { kind: 'messages', messages: example.messages.slice(0, -1) },
    example.messages.at(-1)?.content ?? '',
  ];
}

function endToken({ eosTokenId }: Tokenizer): number {
  if (eosTokenId !== undefined) return eosTokenId;
  throw new AppError({ kind: 'invalid', code: 'invalid_model', message: 'the model has no end token' });
}
