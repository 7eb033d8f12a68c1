import { z } from 'zod';

/** A conversation's message; content parts are joined before they are stored. */
export const chatMessage = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() });

/** A text, token ids as they are, or pieces of text that are tokenised one by one: see `TextPiece` of formats. */
const prompt = z.union([
  z.string(),
  z.strictObject({ tokens: z.array(z.number().int().min(0)).min(1) }),
  z.array(
    z.strictObject({
      text: z.string(),
      keep: z.strictObject({ first: z.number().int().min(0), last: z.number().int().min(0) }).nullable(),
    }),
  ),
]);

/** Beam search by the names of transformers' `GenerationConfig`; see `BeamOptions` of generation. */
const beams = z.strictObject({
  numBeams: z.number().int().min(2),
  lengthPenalty: z.number(),
  earlyStopping: z.union([z.boolean(), z.literal('never')]),
  /** Answers that are given for each prompt, best first. */
  numReturnSequences: z.number().int().min(1),
});

/** What a `generate` job finds in the column `request` of its row: defaults filled in, nothing optional. */
export const generationRequest = z.strictObject({
  input: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('prompts'),
      prompts: z.array(prompt).min(1),
      /** Answers to choose from: the one with the highest probability is the text; null: the model writes. */
      candidates: z.array(z.string().min(1)).min(1).nullable().default(null),
    }),
    z.strictObject({ kind: z.literal('messages'), messages: z.array(chatMessage).min(1) }),
  ]),
  sampling: z.strictObject({
    /** Most tokens to generate for each prompt. */
    maxTokens: z.number().int().min(1),
    /** 0 is greedy. */
    temperature: z.number().min(0),
    topP: z.number().gt(0).max(1),
    /** 0 keeps all tokens. */
    topK: z.number().int().min(0),
    /** Always set, so that a job that is taken up again repeats its tokens. */
    seed: z.number().int().min(0),
    stop: z.array(z.string().min(1)),
    // Rows of earlier versions have none of these.
    /** 0 keeps all tokens. */
    minP: z.number().min(0).max(1).default(0),
    /** 1 changes nothing. */
    repetitionPenalty: z.number().gt(0).default(1),
    frequencyPenalty: z.number().default(0),
    presencePenalty: z.number().default(0),
    /** Added to logits, by token ids. */
    logitBias: z.record(z.string(), z.number()).default({}),
    stopTokenIds: z.array(z.number().int().min(0)).default([]),
    minTokens: z.number().int().min(0).default(0),
    /** So many of the likeliest tokens are told for each place, and how likely the chosen one was; null: nothing. */
    logprobs: z.number().int().min(0).nullable().default(null),
    /** The same of the prompt's tokens. */
    promptLogprobs: z.number().int().min(0).nullable().default(null),
    /** Whether each choice's text begins with its prompt's. */
    echo: z.boolean().default(false),
    /** Answers that are sampled for each prompt, and how many of them are given: the likeliest. */
    bestOf: z.number().int().min(1).default(1),
    n: z.number().int().min(1).default(1),
    /** Null chooses token after token. */
    beams: beams.nullable().default(null),
    /** What answers follow, as EBNF for the engine; null: anything. */
    grammar: z.string().nullable().default(null),
  }),
  /** Lower ones are answered first. Rows of earlier versions have none. */
  priority: z.number().int().default(0),
  /** After so long, counted from the row's creation, nobody wants the answer; null: never. */
  timeoutMs: z.number().min(1).nullable().default(null),
  /** False: nobody reads the token events, so none need be written. */
  stream: z.boolean(),
  /** With what a stream was begun, so that one that broke off goes on alike. Rows of earlier versions have none. */
  streamed: z
    .strictObject({
      /** The name that the client asked for. */
      model: z.string(),
      includeUsage: z.boolean(),
    })
    .nullable()
    .default(null),
});
export type GenerationRequest = z.infer<typeof generationRequest>;

/** How many choices a request is answered with; those of a prompt lie side by side. */
export function choicesOf({ input, sampling }: Pick<GenerationRequest, 'input' | 'sampling'>): number {
  const prompts = input.kind === 'prompts' ? input.prompts.length : 1;
  return prompts * choicesPerPrompt(sampling);
}

/** How many of an engine's slots a request keeps busy until all its choices are there. */
export function slotsOf({ input, sampling }: Pick<GenerationRequest, 'input' | 'sampling'>): number {
  const prompts = input.kind === 'prompts' ? input.prompts.length : 1;
  return prompts * (sampling.beams?.numBeams ?? Math.max(sampling.n, sampling.bestOf));
}

export function choicesPerPrompt({ n, beams }: Pick<GenerationRequest['sampling'], 'n' | 'beams'>): number {
  return beams?.numReturnSequences ?? n;
}

const tokenLogprob = z.strictObject({
  token: z.string(),
  /** In base64. */
  bytes: z.base64(),
  logprob: z.number(),
});

/** A token of an answer's text. */
export const answerToken = tokenLogprob.extend({
  /** Where its text begins in the answer's, in UTF-16 units. */
  offset: z.number().int().min(0),
  /** The likeliest in its place, most likely first. */
  top: z.array(tokenLogprob),
});
export type AnswerToken = z.infer<typeof answerToken>;

/** A token of a prompt; nothing is told of the first one's likelihood. */
export const promptToken = answerToken.extend({ logprob: z.number().nullable() });
export type PromptToken = z.infer<typeof promptToken>;

export const finishReasons = ['stop', 'length'] as const;

/** What a `generate` job leaves in the column `result` of its row. */
export const generationResult = z.object({
  /** `choicesOf` the request: in the order of the prompts; where the best are given, best first. */
  choices: z
    .array(
      z.object({
        text: z.string(),
        finishReason: z.enum(finishReasons),
        /** Natural logarithms of the candidates' probabilities, in their order; null without candidates. */
        logProbabilities: z.array(z.number()).nullable().default(null),
        /** Where `logprobs` asks for them, else null. */
        tokens: z.array(answerToken).nullable().default(null),
      }),
    )
    .min(1),
  /** The tokens of each prompt, where `promptLogprobs` asks for them, else null. */
  prompts: z.array(z.array(promptToken)).nullable().default(null),
  /** Most rows, and most different adapters, that shared one step with this request. */
  batch: z.object({ maxRows: z.number().int().min(1), maxAdapters: z.number().int().min(0) }).nullable(),
});
export type GenerationResult = z.infer<typeof generationResult>;

/** New text of one choice. The texts of a choice's events join to the text in its result. */
export const generationEvent = z.object({
  choice: z.number().int().min(0),
  text: z.string(),
  /** The next ones of the choice, where `logprobs` asks for them. */
  tokens: z.array(answerToken).optional(),
  /** Set in the last event of the choice. */
  finishReason: z.enum(finishReasons).nullable(),
});
export type GenerationEvent = z.infer<typeof generationEvent>;
