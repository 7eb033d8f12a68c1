import type { AdapterFacts } from '@prad/adapter-files';
import type { AdapterObject, ImportAdapterFields } from '@prad/contracts';
import { inspectPath } from '../adapters/inspect-path.js';
import { readFolder, writeFolder } from '../adapters/adapter-folder.js';
import { byteText, countText, timeText } from '../output/facts.js';
import { note, print } from '../output/print.js';
import { table } from '../output/table.js';
import { addAlias } from './adapter-alias.js';
import { atServer, type AddCommands, type CommandContext } from './command-context.js';

interface ImportOptions {
  readonly model: string;
  readonly scope?: ImportAdapterFields['scope'];
  readonly name?: string;
  readonly versionOf?: string;
}

/** prad adapters list | inspect | import | alias | export */
export const addAdapters: AddCommands = (program, context) => {
  const adapters = program.command('adapters').description('trained and imported adapters');
  adapters
    .command('list')
    .description('list adapters, the newest first')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }) => {
      const list = await atServer(context, ({ client }) => client.adapters());
      print(json ? JSON.stringify(list, null, 2) : table(head, list.map(adapterRow)));
    });
  adapters
    .command('inspect')
    .description(
      'say what an adapter is and what it can influence: a .safetensors file, or a folder of PEFT’s',
    )
    .argument('<path>')
    .option('--json', 'print JSON')
    .action(async (path: string, { json }: { json?: true }) => {
      const facts = await inspectPath(path);
      print(json ? JSON.stringify(facts, null, 2) : factsTable(facts));
    });
  adapters
    .command('import')
    .description('import a folder with adapter_config.json and adapter_model.safetensors, as PEFT writes it')
    .argument('<folder>')
    .requiredOption('--model <name>', 'base model that it belongs to')
    .option('--scope <scope>', 'positions it acts on: all, as in PEFT, or prompt')
    .option('--name <text>', "part of the adapter's name")
    .option('--version-of <adapter>', 'an adapter of which this becomes the next version')
    .action(async (folder: string, { model, scope, name, versionOf }: ImportOptions) => {
      const files = await readFolder(folder);
      const adapter = await atServer(context, ({ client }) =>
        client.importAdapter(files, { model, scope, suffix: name, adapter: versionOf }),
      );
      note(
        `imported ${adapter.method} in the scope ${adapter.scope}: ${countText(adapter.parameters)} parameters`,
      );
      print(versionOf === undefined ? adapter.id : `${adapter.id}@${adapter.versions[0]?.version}`);
    });
  addAlias(adapters, context);
  adapters
    .command('export')
    .description('write an adapter as a folder with adapter_config.json and adapter_model.safetensors')
    .argument('<adapter>')
    .argument('<folder>')
    .option('--format <format>', 'peft, which other tools load, or prad, which holds every method', 'peft')
    .action((id: string, folder: string, { format }: { format: string }) =>
      exportFolder(context, id, folder, format),
    );
};

async function exportFolder(
  context: CommandContext,
  id: string,
  folder: string,
  format: string,
): Promise<void> {
  const { adapter, files } = await atServer(context, async ({ client }) => ({
    adapter: await client.adapter(id),
    files: await client.exportAdapter(id, format),
  }));
  for (const path of await writeFolder(folder, files)) print(path);
  if (format === 'peft' && adapter.scope === 'prompt') {
    note('PEFT knows no scope: it lets the adapter act on the answer as well as on the prompt');
  }
}

const head = ['NAME', 'METHOD', 'SCOPE', 'BASE', 'PARAMETERS', 'SIZE', 'FROM', 'CREATED'];

function adapterRow(adapter: AdapterObject): readonly string[] {
  const { id, method, scope, base, parameters, versions, created_at } = adapter;
  const [latest] = versions;
  const from = latest?.job ?? 'import';
  return [
    id,
    method,
    scope,
    base,
    countText(parameters),
    byteText(latest?.bytes ?? 0),
    from,
    timeText(created_at),
  ];
}

function factsTable(facts: AdapterFacts): string {
  const { method, scope, options, baseModel, baseDigest, tensorCount, parameterCount, influence } = facts;
  const rows = [
    ['method', method],
    ['scope', scope],
    ...Object.entries(options).map(([name, value], index) => [
      index === 0 ? 'options' : '',
      `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    ]),
    ['size', `${tensorCount} tensors, ${parameterCount} parameters`],
    ['base', baseModel],
    ['digest', baseDigest ?? 'not told'],
    ['changes', influence],
  ];
  return table(['WHAT', ''], rows);
}
