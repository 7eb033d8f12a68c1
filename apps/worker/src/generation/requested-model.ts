import type { Repositories } from '@prad/database';
import type { InferenceJob } from '@prad/domain';
import type { BlobStore } from '@prad/storage';
import type { GenerateParams } from '../compute/generation-messages.js';

/** Where the files of a request's model lie. */
export async function requestedModel(
  { baseModels, adapters }: Pick<Repositories, 'baseModels' | 'adapters'>,
  blobs: BlobStore,
  { baseModel, adapter: name, adapterVersion: version }: InferenceJob,
): Promise<Pick<GenerateParams, 'base' | 'adapter'>> {
  const { id, blobKey } = await baseModels.getReady(baseModel);
  const base = { name: id, folder: await blobs.localPath(blobKey) };
  if (name === null) return { base, adapter: undefined };
  // The version that the request was admitted with, whatever its name stands for by now; a row without one asks for the latest.
  const found = version === null ? (await adapters.get(name)).latest : await adapters.version(name, version);
  return { base, adapter: { name, path: await blobs.localPath(found.blobKey), digest: found.digest } };
}
