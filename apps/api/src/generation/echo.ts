import type { AnswerToken, GenerationResult, PromptToken } from '@prad/queue';

/** The prompts of a request whose answers begin with them. */
export class Echo {
  constructor(
    private readonly prompts: readonly string[],
    private readonly choicesPerPrompt: number,
  ) {}

  /** The prompt of a choice. */
  textOf(choice: number): string {
    return this.prompts[this.#placeOf(choice)] ?? '';
  }

  /** The tokens of a choice behind those of its prompt. */
  tokensOf(
    choice: number,
    tokens: readonly AnswerToken[],
    { prompts }: Pick<GenerationResult, 'prompts'>,
  ): readonly (AnswerToken | PromptToken)[] {
    const { length } = this.textOf(choice);
    const own = tokens.map((token) => ({ ...token, offset: length + token.offset }));
    return [...(prompts?.[this.#placeOf(choice)] ?? []), ...own];
  }

  #placeOf(choice: number): number {
    return Math.floor(choice / this.choicesPerPrompt);
  }
}
