import { AppError } from '@prad/errors';
import { setImmediate as turn } from 'node:timers/promises';
import { encodeExample, readJsonLines, type OwnTokens, type TextCodec } from '@prad/formats';
import type { RowReader } from '@prad/tasks';
import { TokenDataset } from './examples.js';
import type { TrainingEvent } from './events.js';
import { throwIfAborted } from './interrupt.js';

export interface LoadOptions {
  readonly read: RowReader;
  readonly codec: TextCodec;
  /** Tokens of the longest example, and the setting that limits them. */
  readonly longest: { readonly tokens: number; readonly setting: string };
  readonly own?: OwnTokens | undefined;
}

/** How often the loading tells where it is, and hears whether it shall stop. */
const TELL_EVERY_MS = 1_000;

/**
 * Reads and tokenises a training or validation file.
 * @throws AppError invalid naming the line: what `readJsonLines` and the reader refuse, and an example of more than
 * `longest` tokens (cutting it would train on an answer that the user did not write), those in front of every prompt not
 * counted; cancelled when `signal` aborts.
 */
export async function* loadExamples(
  path: string,
  { read, codec, longest, own }: LoadOptions,
  signal: AbortSignal,
): AsyncGenerator<Extract<TrainingEvent, { type: 'loading' }>, TokenDataset> {
  const examples = new TokenDataset();
  const inFront = own?.inFront.length ?? 0;
  let told = performance.now();
  for await (const { line, value } of readJsonLines(path)) {
    const example = encodeExample(codec, read(value, line), own);
    refuseTooLong(example.tokens.length - inFront, longest, line);
    examples.add(example);
    if (performance.now() - told < TELL_EVERY_MS) continue;
    yield { type: 'loading', examples: examples.length };
    // Messages to this thread wait as long as it computes.
    await turn();
    throwIfAborted(signal);
    told = performance.now();
  }
  return examples;
}

function refuseTooLong(length: number, longest: LoadOptions['longest'], line: number): void {
  const { tokens: maxLength, setting } = longest;
  if (length <= maxLength) return;
  throw new AppError({
    kind: 'invalid',
    code: 'example_too_long',
    message: `line ${line}: the example has ${length} tokens, at most ${maxLength} fit (${setting})`,
    details: { line, tokens: length, maxLength },
  });
}
