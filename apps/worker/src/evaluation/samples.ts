import { AppError, assertNever } from '@prad/errors';
import { readJsonLines, type Prompt } from '@prad/formats';
import type { EvaluationResult, EvaluationSettings, GenerationRequest } from '@prad/queue';
import { groupReferences, rowReader, type ReadExample, type TaskReference } from '@prad/tasks';

type Input = GenerationRequest['input'];

/** One question to every model, with all answers that the file has for it. */
export interface EvaluationSample {
  /** Of its first row, counted from 1. */
  readonly line: number;
  readonly input: Input;
  readonly references: readonly string[];
}

/** A row that is not the task's. */
export type RowProblem = EvaluationResult['problems'][number];

/** What is asked, and what was left out of it. */
export interface EvaluationSamples {
  readonly samples: readonly EvaluationSample[];
  /** Rows that were left out since they are not the task's, and the first of them. */
  readonly skipped: number;
  readonly problems: readonly RowProblem[];
}

/** Problems that a result lists. */
const MOST_PROBLEMS = 20;

/**
 * The samples of a task's file. Consecutive rows that ask the same are one sample with several references, as the E2E and
 * WebNLG challenges score them. Rows that are not the task's are left out.
 * @throws AppError invalid: the first problem of a file without any row of the task.
 */
export async function readSamples(
  path: string,
  { task, limit }: Pick<EvaluationSettings, 'task' | 'limit'>,
): Promise<EvaluationSamples> {
  const samples: EvaluationSample[] = [];
  const problems: AppError[] = [];
  const examples = readExamples(path, task, (problem) => problems.push(problem));
  for await (const { line, prompt, references } of groupReferences(examples)) {
    if (samples.length === limit) break;
    samples.push({ line, input: inputOf(prompt), references });
  }
  const [first] = problems;
  if (first && samples.length === 0) throw first;
  return { samples, skipped: problems.length, problems: problems.slice(0, MOST_PROBLEMS).map(problemOf) };
}

async function* readExamples(
  path: string,
  task: TaskReference | null,
  onProblem: (problem: AppError) => void,
): AsyncGenerator<ReadExample> {
  const read = rowReader(task, 'test');
  for await (const { line, value } of readJsonLines(path, { onProblem })) {
    try {
      yield { line, example: read(value, line) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      onProblem(error);
    }
  }
}

function problemOf({ message, details }: AppError): RowProblem {
  const { line, field } = details;
  return { line: Number(line), field: typeof field === 'string' ? field : null, message };
}

function inputOf(prompt: Prompt): Input {
  switch (prompt.kind) {
    case 'text':
      return { kind: 'prompts', prompts: [prompt.text], candidates: null };
    case 'pieces': {
      const pieces = prompt.pieces.map(({ text, keep = null }) => ({ text, keep }));
      return { kind: 'prompts', prompts: [pieces], candidates: null };
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

/**
 * Neighbouring prompts go together; a conversation is a request of its own.
 * @param candidates the answers to choose from by their likelihood; null: models write.
 */
export function shardsOf(
  samples: readonly EvaluationSample[],
  candidates: readonly string[] | null = null,
): readonly Shard[] {
  const shards: { samples: EvaluationSample[]; input: Input }[] = [];
  for (const sample of samples) {
    const last = shards.at(-1);
    if (
      sample.input.kind === 'prompts' &&
      last?.input.kind === 'prompts' &&
      last.samples.length < SHARD_PROMPTS
    ) {
      last.samples.push(sample);
      last.input = { ...last.input, prompts: [...last.input.prompts, ...sample.input.prompts] };
    } else {
      const { input } = sample;
      const asked =
        input.kind === 'prompts' ? { ...input, candidates: candidates && [...candidates] } : input;
      shards.push({ samples: [sample], input: asked });
    }
  }
  return shards;
}
