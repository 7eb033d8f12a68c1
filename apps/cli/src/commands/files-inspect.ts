import { existsSync } from 'node:fs';
import type { FileObject, FilePreviewObject } from '@prad/contracts';
import type { Command } from 'commander';
import pc from 'picocolors';
import type { ApiClient } from '../api/api-client.js';
import { byteText } from '../output/facts.js';
import { histogram } from '../output/histogram.js';
import { print } from '../output/print.js';
import { addFormatOptions, type FormatOptions } from './column-option.js';
import { atServer, type CommandContext } from './command-context.js';
import { numberOption } from './number-option.js';
import { addTaskOptions, askedTask, type TaskOptions } from './task-options.js';

interface InspectOptions extends TaskOptions, FormatOptions {
  readonly model?: string;
  readonly rows?: number;
  readonly json?: true;
}

/** prad files inspect */
export function addInspect(files: Command, context: CommandContext): void {
  const command = files
    .command('inspect')
    .description('tell rows, bytes, problems and lengths in tokens; a file of this machine is not kept')
    .argument('<file or id>', 'a path, or the id of an uploaded file')
    .option('--model <name>', 'base model whose tokenizer counts the lengths')
    .option('--rows <n>', 'first rows to show; default 1', numberOption)
    .option('--json', 'print JSON');
  addTaskOptions(command);
  addFormatOptions(command);
  command.action((pathOrId: string, options: InspectOptions) =>
    atServer(context, ({ client }) => inspect(client, pathOrId, options)),
  );
}

async function inspect(client: ApiClient, pathOrId: string, options: InspectOptions): Promise<void> {
  const { model, rows = 1, json } = options;
  const isKept = pathOrId.startsWith('file-') && !existsSync(pathOrId);
  const asked = { ...options, task: askedTask(options) };
  const file = isKept ? await client.file(pathOrId) : await client.uploadFile(pathOrId, asked);
  try {
    const preview = await client.previewFile(file.id, rows, model);
    print(json ? JSON.stringify({ file, preview }, undefined, 2) : textOf(file, preview));
  } finally {
    if (!isKept) await client.removeFile(file.id);
  }
}

function textOf(
  { filename, bytes, prad }: FileObject,
  { rows, token_lengths: lengths }: FilePreviewObject,
): string {
  const from = prad.format === 'jsonl' ? '' : ` as JSON lines, from ${prad.format}`;
  const facts = `${prad.rows ?? 0} rows, ${byteText(bytes)}${from}, no problems`;
  const head = [pc.bold(filename), facts, pc.dim(`sha256 ${prad.sha256}`)];
  const shown = rows.map(({ line, value }) => `${pc.dim(`line ${line}`)} ${JSON.stringify(value)}`);
  return [head.join('\n'), ...shown, ...(lengths ? [lengthsOf(lengths)] : [])].join('\n\n');
}

function lengthsOf(lengths: NonNullable<FilePreviewObject['token_lengths']>): string {
  const { model, sampled_rows: counted, prompt, completion, total } = lengths;
  return [
    `Tokens of ${model}, counted in ${counted} rows`,
    histogram('prompt', prompt),
    histogram('completion', completion),
    histogram('whole example', total),
  ].join('\n\n');
}
