import { AppError } from '@prad/errors';
import { parseTrainingExample, readJsonLines, type TrainingExample } from '@prad/formats';
import type { GenerationRequest } from '@prad/queue';

type Input = GenerationRequest['input'];

/** One question to every model, with all answers that the file has for it. */
export interface EvaluationSample {
  /** Of its first row, counted from 1. */
  readonly line: number;
  readonly input: Input;
  readonly references: readonly string[];
}

/**
 * The samples of a file of prompts and completions or conversations. Consecutive rows that ask the same are one sample
 * with several references, as the E2E and WebNLG challenges score them.
 */
export async function readSamples(path: string, limit: number | null): Promise<readonly EvaluationSample[]> {
  const samples: { line: number; key: string; input: Input; references: string[] }[] = [];
  for await (const { line, value } of readJsonLines(path)) {
    const { input, reference } = questionOf(parseTrainingExample(value, line));
    const key = JSON.stringify(input);
    const last = samples.at(-1);
    if (last?.key === key) {
      last.references.push(reference);
    } else {
      if (samples.length === limit) break;
      samples.push({ line, key, input, references: [reference] });
    }
  }
  return samples;
}

function questionOf(example: TrainingExample): { readonly input: Input; readonly reference: string } {
  if (example.kind === 'completion') {
    return { input: { kind: 'prompts', prompts: [example.prompt] }, reference: example.completion.trim() };
  }
  const answer = example.messages.at(-1);
  if (!answer)
    throw new AppError({ kind: 'bug', code: 'no_answer', message: 'a conversation without messages' });
  const messages = example.messages.slice(0, -1).map(({ role, content }) => ({ role, content }));
  return { input: { kind: 'messages', messages }, reference: answer.content.trim() };
}

/** Prompts that one request asks for together. */
const SHARD_PROMPTS = 16;

/** Samples that one request answers. */
export interface Shard {
  readonly samples: readonly EvaluationSample[];
  readonly input: Input;
}

/** Neighbouring prompts go together; a conversation is a request of its own. */
export function shardsOf(samples: readonly EvaluationSample[]): readonly Shard[] {
  const shards: { samples: EvaluationSample[]; input: Input }[] = [];
  for (const sample of samples) {
    const last = shards.at(-1);
    if (
      sample.input.kind === 'prompts' &&
      last?.input.kind === 'prompts' &&
      last.samples.length < SHARD_PROMPTS
    ) {
      last.samples.push(sample);
      last.input = { kind: 'prompts', prompts: [...last.input.prompts, ...sample.input.prompts] };
    } else {
      shards.push({ samples: [sample], input: sample.input });
    }
  }
  return shards;
}
