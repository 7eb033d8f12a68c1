import { StreamableFile } from '@nestjs/common';
import type { BlobStore } from '@prad/storage';

/** A blob of safetensors as a download under a name of its own. */
export async function safetensorsAttachment(
  blobs: BlobStore,
  { blobKey, bytes }: { readonly blobKey: string; readonly bytes: number },
  name: string,
): Promise<StreamableFile> {
  // Adapter names hold colons, which file systems and the header's quoted form do not all take.
  const filename = `${name.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}.safetensors`;
  return new StreamableFile(await blobs.get(blobKey), {
    type: 'application/octet-stream',
    disposition: `attachment; filename="${filename}"`,
    length: bytes,
  });
}
