import { Injectable } from '@nestjs/common';
import { AdapterRepository, BaseModelRepository } from '@prad/database';
import { adapterReference, type AdapterReference, type ReadyBaseModel } from '@prad/domain';
import { AppError } from '@prad/errors';
import { atField } from '../http/error-response.js';

/** What a model name stands for. */
export interface ResolvedModel {
  readonly base: ReadyBaseModel;
  /** Id of the adapter; null for the base alone. */
  readonly adapter: string | null;
  /** The version that its name stands for now; null for the base alone. */
  readonly adapterVersion: number | null;
}

@Injectable()
export class ModelResolver {
  constructor(
    private readonly baseModels: BaseModelRepository,
    private readonly adapters: AdapterRepository,
  ) {}

  /** Throws notFound for a name that the project has no model of, conflict for a base that is not ready or not the adapter's. */
  async resolve(project: string, name: string): Promise<ResolvedModel> {
    try {
      const reference = adapterReference(name);
      return reference ? await this.adapted(project, reference) : await this.plain(project, name);
    } catch (error) {
      throw atField(error, 'model');
    }
  }

  /** A model that adapters can be trained for. */
  async resolveBase(project: string, name: string): Promise<ReadyBaseModel> {
    const { base, adapter } = await this.resolve(project, name);
    if (adapter === null) return base;
    throw new AppError({
      kind: 'invalid',
      code: 'model_not_trainable',
      message: `\`model\` must be a base model, got the adapter ${JSON.stringify(name)}: name its base ${JSON.stringify(base.id)}`,
      details: { param: 'model' },
    });
  }

  private async plain(project: string, name: string): Promise<ResolvedModel> {
    return { base: await this.baseModels.getReadyIn(project, name), adapter: null, adapterVersion: null };
  }

  private async adapted(project: string, reference: AdapterReference): Promise<ResolvedModel> {
    const { adapter, version } = await this.adapters.resolve(project, reference);
    const base = await this.baseModels.getReadyIn(project, adapter.baseModel);
    if (base.digest !== adapter.baseDigest) {
      throw new AppError({
        kind: 'conflict',
        code: 'base_model_changed',
        message: `adapter ${JSON.stringify(adapter.id)} was trained for ${base.id} with digest ${adapter.baseDigest}, the present one is ${base.digest}`,
      });
    }
    return { base, adapter: adapter.id, adapterVersion: version.version };
  }
}
