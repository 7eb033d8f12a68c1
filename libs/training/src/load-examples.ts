import { AppError } from '@prad/errors';
import {
  encodeExample,
  parseTrainingExample,
  readJsonLines,
  type OwnTokens,
  type TextCodec,
  type TokenExample,
} from '@prad/formats';

/**
 * Reads and tokenises a training or validation file.
 * @throws AppError invalid naming the line: what `readJsonLines` and `parseTrainingExample` refuse, and an example
 * of more than `maxLength` tokens (cutting it would train on an answer that the user did not write), those in front of
 * every prompt not counted.
 */
export async function loadExamples(
  path: string,
  codec: TextCodec,
  maxLength: number,
  own?: OwnTokens,
): Promise<TokenExample[]> {
  const examples: TokenExample[] = [];
  for await (const { line, value } of readJsonLines(path)) {
    const example = encodeExample(codec, parseTrainingExample(value, line), own);
    const length = example.tokens.length - (own?.inFront.length ?? 0);
    if (length > maxLength) {
      throw new AppError({
        kind: 'invalid',
        code: 'example_too_long',
        message: `line ${line}: the example has ${length} tokens, at most ${maxLength} fit (max_length)`,
        details: { line, tokens: length, maxLength },
      });
    }
    examples.push(example);
  }
  return examples;
}
