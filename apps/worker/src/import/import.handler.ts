import { join } from 'node:path';
import type { Repositories } from '@prad/database';
import { newId, type ImportingBaseModel } from '@prad/domain';
import { AppError } from '@prad/errors';
import type { Manifest } from '@prad/models';
import type { JobContext, JobHandler, JobPayload } from '@prad/queue';
import type { ComputeThread } from '@prad/runtime';
import type { BlobStore } from '@prad/storage';
import type { ImportHandlers } from '../compute/import-thread.js';
import { failureOf } from '../failure-of.js';
import type { LeaseTiming } from '../lease/held-lease.js';
import { underLease, type Lease } from '../lease/under-lease.js';
import type { WorkerLog } from '../worker-log.js';
import { BaseModelRow } from './base-model-row.js';
import { storeModel } from './store-model.js';

/** Imports a base model: claim, convert on the compute thread, folder first, then row. */
export class ImportHandler implements JobHandler<'import'> {
  readonly job = 'import';

  constructor(
    private readonly rows: Repositories,
    private readonly blobs: BlobStore,
    private readonly thread: ComputeThread<ImportHandlers>,
    private readonly timing: LeaseTiming,
    private readonly log: WorkerLog,
  ) {}

  async handle({ baseModelId: id }: JobPayload<'import'>, context: JobContext<'import'>): Promise<void> {
    const row = new BaseModelRow(this.rows.baseModels, id, this.timing.leaseMs);
    await underLease(row, this.timing, context.signal, async (model, lease) => {
      await this.blobs.withScratch((scratch) => this.#import(model, lease, scratch));
    });
  }

  async giveUp({ baseModelId: id }: JobPayload<'import'>, error: AppError): Promise<void> {
    const owner = newId('lease');
    if (!(await this.rows.baseModels.claim(id, owner, this.timing.leaseMs))) return;
    await this.rows.baseModels.fail(id, owner, failureOf(error));
  }

  async #import(model: ImportingBaseModel, { owner, signal }: Lease, scratch: string): Promise<void> {
    const { id, source, quantised: quantise } = model;
    const folder = join(scratch, 'model');
    const params = { source, downloads: join(scratch, 'downloads'), folder, quantise };
    let manifest: Manifest | undefined;
    let tenths = 0;
    for await (const event of this.thread.stream('import', params, signal)) {
      if (event.type === 'imported') {
        manifest = event.manifest;
        continue;
      }
      const { tensorsDone, tensorsTotal } = event;
      if (Math.floor((10 * tensorsDone) / tensorsTotal) === tenths) continue;
      tenths = Math.floor((10 * tensorsDone) / tensorsTotal);
      this.log.info({ model: id, tensorsDone, tensorsTotal }, `importing ${id}: ${tenths * 10} %`);
    }
    if (!manifest)
      throw new AppError({ kind: 'bug', code: 'no_manifest', message: `${id}: no manifest came` });
    await this.rows.baseModels.complete(id, owner, await storeModel(this.blobs, folder, manifest));
  }
}
