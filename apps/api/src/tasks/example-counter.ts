import type { ReadyBaseModel } from '@prad/domain';
import { encodeExample, type OwnTokens, type TextCodec, type TrainingExample } from '@prad/formats';
import { taskOf, type TaskReference } from '@prad/tasks';
import type { ExampleLength } from '../files/file-preview.service.js';

/** Counts the tokens of a task's examples as an adapter of the model reads them. */
export class ExampleCounter {
  readonly #own: OwnTokens | undefined;

  constructor(
    private readonly codec: TextCodec,
    { vocabularySize }: Pick<ReadyBaseModel, 'vocabularySize'>,
    reference: TaskReference | null,
  ) {
    if (reference?.template !== 'special') return;
    const { specialTokens } = taskOf(reference);
    this.#own = {
      promptTokenizer: codec.tokenizer.withAddedTokens(specialTokens, vocabularySize),
      inFront: [],
    };
  }

  count(example: TrainingExample): ExampleLength {
    const { tokens, promptLength } = encodeExample(this.codec, example, this.#own);
    return { prompt: promptLength, total: tokens.length };
  }
}
