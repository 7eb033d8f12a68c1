import { AppError, assertNever } from '@prad/errors';
import type { ChatMessage, ChatTemplate } from './chat-template.js';
import type { Tokenizer } from './tokenizer.js';

/** A text that is tokenised by itself. */
export interface TextPiece {
  readonly text: string;
  /** Of a text with more tokens than both together, only the first and the last ones count. */
  readonly keep?: { readonly first: number; readonly last: number } | null | undefined;
}

/**
 * What a request asks with: plain text, pieces of text whose tokens follow each other, or a conversation that the
 * model's chat template writes as text.
 */
export type Prompt =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pieces'; readonly pieces: readonly TextPiece[] }
  | { readonly kind: 'messages'; readonly messages: readonly ChatMessage[] };

/** A prompt with its answer, which the model's end token follows. */
export interface TrainingExample {
  readonly prompt: Prompt;
  readonly answer: TextPiece;
}

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
export function encodePrompt(codec: TextCodec, prompt: Prompt): number[] {
  const tokens = tokensOf(codec, prompt);
  if (tokens.length === 0) {
    throw new AppError({ kind: 'invalid', code: 'empty_prompt', message: 'the prompt has no token' });
  }
  return tokens;
}

function tokensOf({ tokenizer, chatTemplate }: TextCodec, prompt: Prompt): number[] {
  switch (prompt.kind) {
    case 'text':
      return tokenizer.encode(prompt.text, { addSpecialTokens: true });
    case 'pieces': {
      const { before, after } = addedAround(tokenizer);
      return [...before, ...prompt.pieces.flatMap((piece) => encodePiece(tokenizer, piece)), ...after];
    }
    case 'messages': {
      const text = chatTemplate.render(prompt.messages, { addGenerationPrompt: true });
      return tokenizer.encode(text, { addSpecialTokens: false });
    }
    default:
      return assertNever(prompt);
  }
}

function encodePiece(tokenizer: Tokenizer, { text, keep }: TextPiece): number[] {
  const tokens = tokenizer.encode(text, { addSpecialTokens: false });
  if (!keep || tokens.length <= keep.first + keep.last) return tokens;
  return [...tokens.slice(0, keep.first), ...tokens.slice(tokens.length - keep.last)];
}

/** What the tokenizer puts around every text, such as a begin token. */
export function addedAround(tokenizer: Tokenizer): { readonly before: number[]; readonly after: number[] } {
  const text = '.';
  const bare = tokenizer.encode(text, { addSpecialTokens: false });
  const framed = tokenizer.encode(text, { addSpecialTokens: true });
  const at = framed.findIndex((_, place) => bare.every((id, index) => framed[place + index] === id));
  return { before: framed.slice(0, at), after: framed.slice(at + bare.length) };
}

/** A training example as tokens; a conversation's earlier turns are all prompt. */
export function encodeExample(
  codec: TextCodec,
  { prompt, answer }: TrainingExample,
  own?: OwnTokens,
): TokenExample {
  const tokenizer = own?.promptTokenizer ?? codec.tokenizer;
  const promptTokens = [...(own?.inFront ?? []), ...encodePrompt({ ...codec, tokenizer }, prompt)];
  const answerTokens = encodePiece(own?.answers?.tokenizer ?? codec.tokenizer, answer);
  return {
    tokens: [...promptTokens, ...answerTokens, own?.answers?.endTokenId ?? endToken(codec.tokenizer)],
    promptLength: promptTokens.length,
  };
}

function endToken({ eosTokenId }: Tokenizer): number {
  if (eosTokenId !== undefined) return eosTokenId;
  throw new AppError({ kind: 'invalid', code: 'invalid_model', message: 'the model has no end token' });
}
