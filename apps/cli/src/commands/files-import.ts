import type { FileObject } from '@prad/contracts';
import type { Command } from 'commander';
import { datasetReference } from '../hub/dataset-reference.js';
import { fetchDataset } from '../hub/fetch-dataset.js';
import { note, print } from '../output/print.js';
import { addColumnOption, type ColumnOptions } from './column-option.js';
import { atServer, type CommandContext } from './command-context.js';
import { numberOption } from './number-option.js';
import { addTaskOptions, askedTask, type TaskOptions } from './task-options.js';

interface ImportOptions extends TaskOptions, ColumnOptions {
  readonly limit?: number;
}

/** prad files import */
export function addImport(files: Command, context: CommandContext): void {
  const command = files
    .command('import')
    .description('download a split of a data set of the Hugging Face Hub, and upload its rows')
    .argument('<data set>', 'hf:owner/name:split, or hf:owner/name/config:split')
    .option('--limit <n>', 'most rows, from the start', numberOption);
  addTaskOptions(command);
  addColumnOption(command);
  command.action(async (text: string, options: ImportOptions) => {
    const { columns, limit } = options;
    const reference = datasetReference(text);
    let told = 0;
    const onProgress = (file: number, of: number): void => {
      if (file > told) note(`downloading file ${(told = file)} of ${of}`);
    };
    const fetching = { columns: columns && Object.values(columns), limit, onProgress };
    const file = await fetchDataset(reference, context.settings.hub, fetching, (path) =>
      atServer(context, ({ client }) => client.uploadFile(path, { task: askedTask(options), columns })),
    );
    printFile(file);
  });
}

/** What was uploaded, in a line. */
export function printFile({ id, filename, prad }: FileObject): void {
  print(`${id}  ${filename}  ${prad.rows ?? 0} rows`);
}
