import type { BaseModelContent } from '@prad/domain';
import { adoptQuantised, type Manifest } from '@prad/models';
import type { BlobStore } from '@prad/storage';

/** Moves a model folder into the store, where it takes the place of an older one of the same weights. */
export async function storeModel(
  blobs: BlobStore,
  folder: string,
  written: Manifest,
): Promise<BaseModelContent> {
  const blobKey = `models/${written.digest}`;
  const older = (await blobs.exists(blobKey)) ? await blobs.localPath(blobKey) : undefined;
  const manifest = older === undefined ? written : await adoptQuantised(folder, older);
  const files = await blobs.putFolder(blobKey, folder);
  const { digest, modelType: architecture, parameterCount, contextLength, vocabularySize } = manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return {
    digest,
    architecture,
    parameterCount,
    contextLength,
    vocabularySize,
    bytes,
    blobKey,
    details: { layout: manifest.layout },
    quantised: manifest.quantised.map(({ bits }) => bits),
  };
}
