import { assertNever } from '@prad/errors';
import { readJsonLines, type Prompt } from '@prad/formats';
import type { GenerationRequest } from '@prad/queue';
import { groupReferences, rowReader, type ReadExample } from '@prad/tasks';

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
  const samples: EvaluationSample[] = [];
  for await (const { line, prompt, references } of groupReferences(readExamples(path))) {
    if (samples.length === limit) break;
    samples.push({ line, input: inputOf(prompt), references });
  }
  return samples;
}

async function* readExamples(path: string): AsyncGenerator<ReadExample> {
  const read = rowReader(null, 'test');
  for await (const { line, value } of readJsonLines(path)) yield { line, example: read(value, line) };
}

function inputOf(prompt: Prompt): Input {
  switch (prompt.kind) {
    case 'text':
      return { kind: 'prompts', prompts: [prompt.text] };
    case 'pieces': {
      const pieces = prompt.pieces.map(({ text, keep = null }) => ({ text, keep }));
      return { kind: 'prompts', prompts: [pieces] };
    }
    case 'messages':
      return { kind: 'messages', messages: prompt.messages.map(({ role, content }) => ({ role, content })) };
    default:
      return assertNever(prompt);
  }
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
