import type { Prompt, TrainingExample } from '@prad/formats';

/** A row that was read, and where it stands. */
export interface ReadExample {
  /** Counted from 1. */
  readonly line: number;
  readonly example: TrainingExample;
}

/** One question with all answers that a file has for it. */
export interface ReferenceGroup {
  /** Of its first row. */
  readonly line: number;
  readonly prompt: Prompt;
  /** White space around them is taken off. */
  readonly references: readonly string[];
}

/**
 * Rows that ask the same one after the other, as one group: so the E2E and WebNLG challenges score an answer against
 * several references.
 */
export async function* groupReferences(
  examples: AsyncIterable<ReadExample> | Iterable<ReadExample>,
): AsyncGenerator<ReferenceGroup> {
  let group: { line: number; prompt: Prompt; references: string[] } | undefined;
  let key = '';
  for await (const { line, example } of examples) {
    const { prompt, answer } = example;
    const own = JSON.stringify(prompt);
    if (group && own === key) {
      group.references.push(answer.text.trim());
      continue;
    }
    if (group) yield group;
    key = own;
    group = { line, prompt, references: [answer.text.trim()] };
  }
  if (group) yield group;
}
