import { Injectable } from '@nestjs/common';
import type { ImportModelRequest, ModelObject } from '@prad/contracts';
import { AdapterRepository, BaseModelRepository } from '@prad/database';
import { adapterReference, type Adapter } from '@prad/domain';
import { JobProducer } from '@prad/queue';
import { BlobStore } from '@prad/storage';
import { currentRequestId } from '@prad/telemetry';
import { nameOfSource } from './model-name.js';
import { toAdapterObject, toBaseModelObject } from './model.view.js';

const PAGE = 1000;

@Injectable()
export class ModelService {
  constructor(
    private readonly baseModels: BaseModelRepository,
    private readonly adapters: AdapterRepository,
    private readonly producer: JobProducer,
    private readonly blobs: BlobStore,
  ) {}

  /** Base models in the order of their making, everybody's and the project's, then its adapters, the newest first. */
  async list(project: string): Promise<readonly ModelObject[]> {
    const bases = await this.baseModels.listIn(project);
    const adapters: Adapter[] = [];
    let hasMore = true;
    while (hasMore) {
      const page = await this.adapters.list(project, { after: adapters.at(-1)?.id, limit: PAGE });
      adapters.push(...page.items);
      hasMore = page.hasMore;
    }
    return [...bases.map(toBaseModelObject), ...adapters.map(toAdapterObject)];
  }

  async get(project: string, id: string): Promise<ModelObject> {
    const reference = adapterReference(id);
    if (reference)
      return { ...toAdapterObject((await this.adapters.resolve(project, reference)).adapter), id };
    return toBaseModelObject(await this.baseModels.getIn(project, id));
  }

  /** Records the model as importing and leaves the work to a worker. */
  async import({ source, name, quantize: quantised = [] }: ImportModelRequest): Promise<ModelObject> {
    const id = name ?? nameOfSource(source);
    const model = await this.baseModels.create({ id, source, quantised });
    try {
      await this.producer.add('import', { baseModelId: id, requestId: currentRequestId() });
    } catch (error) {
      await this.baseModels.delete(id);
      throw error;
    }
    return toBaseModelObject(model);
  }

  /**
   * Removes an adapter that no unfinished request asks for, or a base model that nothing names, with its files unless
   * another model has the same. Throws notFound, conflict while it is in use.
   */
  async delete(project: string, id: string): Promise<void> {
    if (adapterReference(id)) {
      for (const { blobKey } of await this.adapters.delete(project, id)) await this.blobs.delete(blobKey);
      return;
    }
    await this.baseModels.getIn(project, id);
    const model = await this.baseModels.delete(id);
    if (model.status !== 'ready') return;
    const others = await this.baseModels.list('ready');
    const shared = others.some((other) => other.status === 'ready' && other.blobKey === model.blobKey);
    if (!shared) await this.blobs.delete(model.blobKey);
  }
}
