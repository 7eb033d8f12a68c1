import { Injectable } from '@nestjs/common';
import { AdapterRepository, BaseModelRepository } from '@prad/database';
import { isAdapterName, type ReadyBaseModel } from '@prad/domain';
import { AppError } from '@prad/errors';
import { atField } from '../http/error-response.js';

/** What a model name stands for. */
export interface ResolvedModel {
  readonly base: ReadyBaseModel;
  /** Id of the adapter; null for the base alone. */
  readonly adapter: string | null;
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
      return isAdapterName(name) ? await this.adapted(project, name) : await this.plain(project, name);
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
    return { base: await this.baseModels.getReadyIn(project, name), adapter: null };
  }

  private async adapted(project: string, name: string): Promise<ResolvedModel> {
    const adapter = await this.adapters.getIn(project, name);
    const base = await this.baseModels.getReadyIn(project, adapter.baseModel);
    if (base.digest !== adapter.baseDigest) {
      throw new AppError({
        kind: 'conflict',
        code: 'base_model_changed',
        message: `adapter ${JSON.stringify(name)} was trained for ${base.id} with digest ${adapter.baseDigest}, the present one is ${base.digest}`,
      });
    }
    return { base, adapter: name };
  }
}
