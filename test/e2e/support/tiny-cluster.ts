import { join } from 'node:path';
import { importModel } from '../../../apps/cli/src/stack/import-model.js';
import { Cluster, type ClusterOptions } from './cluster.js';
import { writeTinyModel } from './tiny-model.js';
import { MODEL } from './training-run.js';

/** A cluster with one worker, and the tiny model imported as `MODEL`. */
export async function startTinyCluster(
  worker: Readonly<Record<string, string>> = {},
  options: ClusterOptions = {},
): Promise<Cluster> {
  const cluster = await Cluster.start(options);
  await cluster.startWorker(worker);
  const source = join(cluster.dataFolder, 'source');
  await writeTinyModel(source);
  await importModel(cluster.client, { source, name: MODEL });
  return cluster;
}
