import type { Repositories } from '@prad/database';
import { readLayout } from '@prad/models';
import type { BlobStore } from '@prad/storage';
import type { WorkerLog } from '../worker-log.js';

/**
 * Records the layouts of base models that an older version imported, which kept none: adapters' files are checked against
 * them. A model that cannot be read is left as it is.
 */
export async function recordLayouts(
  baseModels: Repositories['baseModels'],
  blobs: BlobStore,
  log: WorkerLog,
): Promise<void> {
  for (const model of await baseModels.list('ready')) {
    if (model.status !== 'ready' || 'layout' in model.details) continue;
    const { id, blobKey, details } = model;
    try {
      const layout = await readLayout(await blobs.localPath(blobKey));
      await baseModels.describe(id, { ...details, layout: { ...layout, sites: { ...layout.sites } } });
      log.info({ model: id }, `recorded the layers of ${id}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ model: id, error: reason }, `the layers of ${id} cannot be read`);
    }
  }
}
