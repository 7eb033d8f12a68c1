import type { Command } from 'commander';
import type { AdapterAliasObject } from '@prad/contracts';
import { AppError } from '@prad/errors';
import type { ApiClient } from '../api/api-client.js';
import { timeText } from '../output/facts.js';
import { note, print } from '../output/print.js';
import { table } from '../output/table.js';
import { atServer, type CommandContext } from './command-context.js';

interface AliasOptions {
  readonly rollback?: true;
  readonly delete?: true;
}

/** prad adapters alias */
export function addAlias(adapters: Command, context: CommandContext): void {
  adapters
    .command('alias')
    .description(
      'show what an alias stands for, or let it stand for another version, at once and for new requests',
    )
    .argument('<adapter>')
    .argument('[alias]', 'a name such as production, which requests ask for as <adapter>@production')
    .argument('[version]', 'the version that it stands for from now on', versionNumber)
    .option('--rollback', 'let it stand for the version before')
    .option('--delete', 'remove it')
    .action((id: string, alias: string | undefined, version: number | undefined, options: AliasOptions) =>
      atServer(context, ({ client }) => changeAlias(client, id, alias, version, options)),
    );
}

async function changeAlias(
  client: ApiClient,
  id: string,
  alias: string | undefined,
  version: number | undefined,
  { rollback, delete: remove }: AliasOptions,
): Promise<void> {
  if ([version, rollback, remove].filter((change) => change !== undefined).length > 1) {
    throw badUse('name a version, --rollback or --delete, one of them alone');
  }
  if (alias === undefined) {
    print(table(aliasHead, (await client.adapter(id)).aliases.map(aliasRow)));
    return;
  }
  if (remove) {
    await client.removeAdapterAlias(id, alias);
    note(`removed ${id}@${alias}`);
    return;
  }
  const wanted = rollback ? await versionBefore(client, id, alias) : version;
  const found =
    wanted === undefined
      ? await knownAlias(client, id, alias)
      : await client.setAdapterAlias(id, alias, wanted);
  print(table(aliasHead, [aliasRow(found)]));
}

async function versionBefore(client: ApiClient, id: string, alias: string): Promise<number> {
  const { previous_version: before } = await knownAlias(client, id, alias);
  if (before !== null) return before;
  throw badUse(`${id}@${alias} stood for no other version before`);
}

async function knownAlias(client: ApiClient, id: string, alias: string): Promise<AdapterAliasObject> {
  const found = (await client.adapter(id)).aliases.find((entry) => entry.alias === alias);
  if (found) return found;
  throw badUse(`${id} has no alias ${JSON.stringify(alias)}`);
}

function versionNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw badUse(`a version is a whole number from 1 on, got ${JSON.stringify(text)}`);
}

function badUse(message: string): AppError {
  return new AppError({ kind: 'invalid', code: 'invalid_alias', message });
}

const aliasHead = ['ALIAS', 'VERSION', 'BEFORE', 'SET'];

function aliasRow({ alias, version, previous_version: before, updated_at }: AdapterAliasObject): string[] {
  return [alias, String(version), before === null ? '-' : String(before), timeText(updated_at)];
}
