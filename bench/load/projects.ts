import { encodeAdapterFolder, writeAdapterFolder } from '@prad/adapter-files';
import type { Database } from '@prad/database';
import { layoutOf, type BaseModel } from '@prad/models';
import { adapterFor, initialise } from '@prad/nn';
import { ApiClient } from '../../apps/cli/src/api/api-client.js';
import { importModel } from '../../apps/cli/src/stack/import-model.js';

/** Streams that each project keeps open. They differ by far, and yet each project is to get the same share. */
const streams: Readonly<Record<string, number>> = { many: 100, some: 50, few: 30, least: 20 };

/** Of every project; the last one is conventional and decodes apart. */
const adapters = [
  { method: 'adapter', options: { rank: 16, init: 'released' }, scope: 'prompt' },
  { method: 'lora', options: { rank: 8, init: 'released' }, scope: 'prompt' },
  { method: 'adapter', options: { rank: 64, init: 'released' }, scope: 'prompt' },
  { method: 'lora', options: { rank: 4, init: 'released' }, scope: 'all' },
];

/** A user of the server with adapters of its own. */
export interface Project {
  readonly name: string;
  readonly streams: number;
  readonly client: ApiClient;
  /** Names that requests give: the base and the adapters. */
  readonly models: readonly string[];
}

/** Makes the projects, each with a key, and imports the model and their adapters, whose weights are random. */
export async function makeProjects(
  url: string,
  database: Database,
  model: BaseModel,
): Promise<readonly Project[]> {
  const clients: [string, ApiClient][] = [];
  for (const name of Object.keys(streams)) {
    const { secret } = await database.apiKeys.create(name, '');
    clients.push([name, new ApiClient(url, secret)]);
  }
  // The first requests come with a key: the API remembers for a moment that it has none.
  const [[, first] = []] = clients;
  if (first) await importModel(first, { source: model.folder, name: model.name });
  const projects: Project[] = [];
  for (const [place, [name, client]] of clients.entries()) {
    const models = [model.name];
    for (const [kind, chosen] of adapters.entries()) {
      const files = adapterFiles(model, chosen, adapters.length * place + kind);
      models.push((await client.importAdapter(files, { model: model.name })).id);
    }
    projects.push({ name, streams: streams[name] ?? 0, client, models });
  }
  return projects;
}

/** An adapter of random weights, as it is imported. */
export function adapterFiles(
  model: BaseModel,
  { method, options, scope }: (typeof adapters)[number],
  seed: number,
): ReturnType<typeof encodeAdapterFolder> {
  const adapter = adapterFor(model, method, options);
  const artefact = {
    ...{ method, options: { ...adapter.options }, scope, baseDigest: model.digest, baseModel: model.name },
    tensors: initialise(adapter.parameters, seed),
  };
  return encodeAdapterFolder(writeAdapterFolder(artefact, layoutOf(model), 'prad'));
}
