import type { BaseModelContent } from '@prad/domain';
import { adoptQuantised, folderDigest, type Manifest } from '@prad/models';
import type { BlobStore } from '@prad/storage';

/** Moves a model folder into the store, where it takes the place of an older one of the same model. */
export async function storeModel(
  blobs: BlobStore,
  folder: string,
  written: Manifest,
): Promise<BaseModelContent> {
  const blobKey = await keyOf(blobs, folder, written);
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
    quantised: manifest.quantised.map(({ kind }) => kind),
  };
}

/**
 * The key of a model folder, by the digest of all of it: the same weights come with several tokenizers and chat templates.
 * Older versions stored by the digest of the weights alone; such a folder of the same model keeps its key, so that the names
 * that stand for it go on sharing one.
 */
async function keyOf(blobs: BlobStore, folder: string, { digest: weights }: Manifest): Promise<string> {
  const digest = await folderDigest(folder);
  const older = `models/${weights}`;
  const isKept = (await blobs.exists(older)) && (await folderDigest(await blobs.localPath(older))) === digest;
  return isKept ? older : `models/${digest}`;
}
