import type { Repositories } from '@prad/database';
import type { AdapterVersion, InferenceJob } from '@prad/domain';
import type { BlobStore } from '@prad/storage';
import type { GenerateParams } from '../compute/generation-messages.js';

/** Where the files of a request's model lie. */
export async function requestedModel(
  { baseModels, adapters }: Pick<Repositories, 'baseModels' | 'adapters'>,
  blobs: BlobStore,
  { baseModel, adapter, adapterVersion }: InferenceJob,
): Promise<Pick<GenerateParams, 'base' | 'adapter'>> {
  const [{ id, blobKey }, version] = await Promise.all([
    baseModels.getReady(baseModel),
    adapter === null ? undefined : versionOf(adapters, adapter, adapterVersion),
  ]);
  const base = { name: id, folder: await blobs.localPath(blobKey) };
  if (adapter === null || version === undefined) return { base, adapter: undefined };
  const path = await blobs.localPath(version.blobKey);
  return { base, adapter: { name: adapter, path, digest: version.digest } };
}

/** The version that the request was admitted with, whatever its name stands for by now; a row without one asks for the latest. */
async function versionOf(
  adapters: Repositories['adapters'],
  name: string,
  version: number | null,
): Promise<AdapterVersion> {
  return version === null ? (await adapters.get(name)).latest : adapters.version(name, version);
}
