import { setImmediate as nextTurn } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { type LineProblem, type PreviewTask, type TaskPreviewObject } from '@prad/contracts';
import { BaseModelRepository } from '@prad/database';
import { AppError, assertNever } from '@prad/errors';
import { readJsonLines, type Prompt } from '@prad/formats';
import { groupReferences, rowReader, type ReadExample, type TaskReference } from '@prad/tasks';
import { atField } from '../http/error-response.js';
import { TextCodecs } from '../models/text-codecs.js';
import { ExampleCounter } from './example-counter.js';
import { TaskResolver } from './task-resolver.js';
import { toDefinition } from './task.view.js';

type PreviewRow = TaskPreviewObject['rows'][number];

/** What a task makes of lines that nobody has uploaded. */
@Injectable()
export class TaskPreviewService {
  constructor(
    private readonly resolver: TaskResolver,
    private readonly models: BaseModelRepository,
    private readonly codecs: TextCodecs,
  ) {}

  /** Rows with problems are told of and left out. Throws notFound, invalid, cancelled when the signal is aborted. */
  async preview(project: string, request: PreviewTask, signal: AbortSignal): Promise<TaskPreviewObject> {
    const reference = await this.reference(project, request);
    const counter = await this.counter(project, request.model, reference);
    const { read, problems } = await readLines(request.lines, reference);
    const rows: PreviewRow[] = [];
    for (const example of read) {
      signal.throwIfAborted();
      try {
        rows.push(rowView(example, counter));
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        problems.push({ line: example.line, message: error.message });
      }
      // Tokenising is work of the thread that other requests wait for.
      await nextTurn();
    }
    const groups = [];
    for await (const group of groupReferences(read)) groups.push(group);
    problems.sort((a, b) => a.line - b.line);
    return {
      object: 'task.preview',
      task: reference?.name ?? 'generic',
      rows,
      groups: groups.length,
      problems,
    };
  }

  private async reference(project: string, { task, definition }: PreviewTask): Promise<TaskReference | null> {
    if (!definition) return this.resolver.resolve(project, task);
    return { name: definition.name, template: 'plain', labels: null, definition: toDefinition(definition) };
  }

  private async counter(
    project: string,
    model: string | undefined,
    reference: TaskReference | null,
  ): Promise<ExampleCounter | undefined> {
    if (model === undefined) return undefined;
    try {
      const base = await this.models.getReadyIn(project, model);
      return new ExampleCounter(await this.codecs.of(base), base, reference);
    } catch (error) {
      throw atField(error, 'model');
    }
  }
}

async function readLines(lines: readonly string[], reference: TaskReference | null) {
  const problems: LineProblem[] = [];
  const read: ReadExample[] = [];
  const tell = (error: unknown): void => {
    if (!(error instanceof AppError)) throw error;
    const { line, field } = error.details;
    problems.push({
      line: Number(line ?? 1),
      ...(typeof field === 'string' && { field }),
      message: error.message,
    });
  };
  const reader = rowReader(reference, 'train');
  const source = Readable.from(lines.map((line) => Buffer.from(`${line}\n`)));
  for await (const { line, value } of readJsonLines(source, { onProblem: tell })) {
    try {
      read.push({ line, example: reader(value, line) });
    } catch (error) {
      tell(error);
    }
  }
  return { read, problems };
}

function rowView({ line, example }: ReadExample, counter: ExampleCounter | undefined): PreviewRow {
  const length = counter?.count(example);
  return {
    ...{ line, prompt: promptText(example.prompt), answer: example.answer.text },
    prompt_tokens: length?.prompt ?? null,
    answer_tokens: length ? length.total - length.prompt : null,
  };
}

function promptText(prompt: Prompt): string {
  switch (prompt.kind) {
    case 'text':
      return prompt.text;
    case 'pieces':
      return prompt.pieces.map(({ text }) => text).join('');
    case 'messages':
      return prompt.messages.map(({ role, content }) => `${role}: ${content}`).join('\n');
    default:
      return assertNever(prompt);
  }
}
