import { byteText, timeText } from '../output/facts.js';
import { print } from '../output/print.js';
import { table } from '../output/table.js';
import { atServer, type AddCommands } from './command-context.js';
import { addFormatOptions, type FormatOptions } from './column-option.js';
import { addImport, printFile } from './files-import.js';
import { addInspect } from './files-inspect.js';
import { addTaskOptions, askedTask, type TaskOptions } from './task-options.js';

/** prad files list | upload | import | inspect | rm */
export const addFiles: AddCommands = (program, context) => {
  const files = program.command('files').description('uploaded data sets');
  files
    .command('list')
    .description('list uploaded files')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }) => {
      const list = await atServer(context, ({ client }) => client.files());
      const rows = list.map(({ id, filename, bytes, created_at, prad }) => [
        ...[id, filename, prad.rows === null ? '' : String(prad.rows)],
        ...[byteText(bytes), timeText(created_at)],
      ]);
      print(json ? JSON.stringify(list, null, 2) : table(['ID', 'FILE', 'ROWS', 'SIZE', 'CREATED'], rows));
    });
  const upload = files
    .command('upload')
    .description(
      'upload rows of {"prompt","completion"}, {"messages"} or a task: JSON lines, CSV, TSV or Parquet',
    )
    .argument('<file>');
  addTaskOptions(upload);
  addFormatOptions(upload);
  upload.action(async (path: string, options: TaskOptions & FormatOptions) => {
    const asked = { ...options, task: askedTask(options) };
    printFile(await atServer(context, ({ client }) => client.uploadFile(path, asked)));
  });
  addImport(files, context);
  addInspect(files, context);
  files
    .command('rm')
    .description('remove a file that no unfinished job needs')
    .argument('<file id>')
    .action(async (id: string) => {
      await atServer(context, ({ client }) => client.removeFile(id));
      print(`removed ${id}`);
    });
};
