import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ModelObject, Quantization } from '@prad/contracts';
import { AppError } from '@prad/errors';
import { byteText, countText } from '../output/facts.js';
import { note, print } from '../output/print.js';
import { table } from '../output/table.js';
import { importModel } from '../stack/import-model.js';
import { atServer, type AddCommands } from './command-context.js';
import { quantizeOption } from './quantize-option.js';

interface ImportOptions {
  readonly name?: string;
  readonly quantize?: readonly Quantization[];
}

/** prad models list | import | rm */
export const addModels: AddCommands = (program, context) => {
  const models = program.command('models').description('base models and trained adapters');
  models
    .command('list')
    .description('list base models and adapters')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }) => {
      const list = await atServer(context, ({ client }) => client.models());
      print(json ? JSON.stringify(list, null, 2) : modelTable(list));
    });
  models
    .command('import')
    .description('import a Hugging Face folder, a GGUF file, or hf:organisation/name from the Hub')
    .argument('<source>')
    .option('--name <name>', 'name of the model; by default made from the source')
    .option(
      '--quantize <copies>',
      'also make rounded copies of the weights for decoding: q4, q8 or w8a8, several with a comma',
      quantizeOption,
    )
    .action(async (source: string, { name, quantize }: ImportOptions) => {
      await atServer(context, async ({ client }) => {
        note(`importing ${source} ...`);
        const request = {
          source: sourceOf(source),
          ...(name !== undefined && { name }),
          ...(quantize && { quantize: [...quantize] }),
        };
        const model = await importModel(client, request);
        print(modelTable([model]));
      });
    });
  models
    .command('rm')
    .description('remove a base model that no job or adapter uses')
    .argument('<model>')
    .action(async (model: string) => {
      await atServer(context, ({ client }) => client.removeModel(model));
      print(`removed ${model}`);
    });
};

/** Paths are made absolute, because the worker that reads them runs in another folder. */
function sourceOf(source: string): string {
  if (source.startsWith('hf:')) return source;
  const path = resolve(source);
  if (existsSync(path)) return path;
  throw new AppError({
    kind: 'notFound',
    code: 'source_not_found',
    message: `there is no folder or file ${path}; a model of the Hugging Face Hub is named hf:organisation/name`,
  });
}

function modelTable(models: readonly ModelObject[]): string {
  return table(['NAME', 'KIND', 'STATUS', 'PARAMETERS', 'SIZE', 'WHAT'], models.map(modelRow));
}

function modelRow({ id, prad }: ModelObject): readonly string[] {
  const size = prad.bytes === null ? '' : byteText(prad.bytes);
  const parameters = prad.parameters === null ? '' : countText(prad.parameters);
  if (prad.kind === 'adapter') {
    return [id, 'adapter', prad.status, parameters, size, `${prad.adapter} (${prad.scope}) on ${prad.base}`];
  }
  const what = prad.error?.message ?? (prad.architecture === null ? prad.source : architectureText(prad));
  return [id, 'base', prad.status, parameters, size, what];
}

function architectureText(prad: Extract<ModelObject['prad'], { kind: 'base' }>): string {
  const copies = prad.quantized.map((copy) => `, ${copy}`).join('');
  return `${prad.architecture ?? ''}, context ${prad.context_length ?? '?'}${copies}`;
}
