import type { ColumnMapping } from '@prad/contracts';
import { InvalidArgumentError, type Command } from 'commander';

export interface ColumnOptions {
  readonly columns?: ColumnMapping;
}

export interface FormatOptions extends ColumnOptions {
  readonly format?: string;
}

/** How a command is told which columns of a data set to take, and what its rows call them. */
export function addColumnOption(command: Command): void {
  command.option(
    '--columns <field=column...>',
    'fields of the rows and the columns that they are taken from, such as prompt=question completion=answers.text; default all',
    columnOption,
  );
}

/** The same, and what a file is read as. */
export function addFormatOptions(command: Command): void {
  command.option('--format <name>', 'jsonl, csv, tsv or parquet; default by the name, else jsonl');
  addColumnOption(command);
}

/** Adds `field=column` to what was given before. */
export function columnOption(text: string, before: ColumnMapping = {}): ColumnMapping {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) {
    throw new InvalidArgumentError(`expected field=column, got ${JSON.stringify(text)}`);
  }
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
