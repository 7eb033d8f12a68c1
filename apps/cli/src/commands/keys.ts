import type { Database } from '@prad/database';
import type { CliSettings } from '../env.js';
import { timeText } from '../output/facts.js';
import { note, print } from '../output/print.js';
import { table } from '../output/table.js';
import { withDatabase } from '../stack/with-database.js';
import type { AddCommands } from './command-context.js';

type Key = Awaited<ReturnType<Database['apiKeys']['list']>>[number];

/** prad keys create | list | revoke */
export const addKeys: AddCommands = (program, { settings }) => {
  const keys = program.command('keys').description('API keys, kept in the database');
  keys
    .command('create')
    .description('make a key and print its secret, this once')
    .option('--project <name>', 'project that it gives access to', 'default')
    .option('--name <text>', 'what it is for', '')
    .action(async ({ project, name }: { project: string; name: string }) => {
      const { key, secret } = await withDatabase(settings, ({ apiKeys }) => apiKeys.create(project, name));
      note(`${key.id} of project ${project}; its secret is not shown again:`);
      print(secret);
    });
  keys
    .command('list')
    .description('list keys by the first characters of their secrets')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }) => {
      const list = await withDatabase(settings, ({ apiKeys }) => apiKeys.list());
      print(json ? JSON.stringify(list, null, 2) : table(head, list.map(keyRow)));
    });
  keys
    .command('revoke')
    .description('let nobody in with a key any more')
    .argument('<key id>')
    .action((id: string) => revoke(settings, id));
};

async function revoke(settings: CliSettings, id: string): Promise<void> {
  const left = await withDatabase(settings, async ({ apiKeys }) => {
    await apiKeys.revoke(id);
    return (await apiKeys.live()).length;
  });
  print(`${id} is revoked; running servers know within a few seconds`);
  if (left === 0) {
    note('no key is left in the database: without API_KEYS, every request from this machine is let in');
  }
}

const head = ['ID', 'PROJECT', 'NAME', 'SECRET', 'CREATED', 'LAST USED', 'REVOKED'];

function keyRow({ id, project, name, prefix, createdAt, lastUsedAt, revokedAt }: Key): readonly string[] {
  return [id, project, name, `${prefix}...`, whenText(createdAt), whenText(lastUsedAt), whenText(revokedAt)];
}

function whenText(date: Date | null): string {
  return date === null ? '' : timeText(date.getTime() / 1000);
}
