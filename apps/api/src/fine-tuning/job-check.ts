import { Injectable } from '@nestjs/common';
import type { CreateFineTuningJob } from '@prad/contracts';
import { DataFileRepository } from '@prad/database';
import type { DataFile, FineTuningMethod, JsonObject, ReadyBaseModel } from '@prad/domain';
import { AppError } from '@prad/errors';
import type { TrainingSettings } from '@prad/queue';
import { atField } from '../http/error-response.js';
import { ModelResolver } from '../models/model-resolver.js';
import { TaskResolver } from '../tasks/task-resolver.js';
import { methodOptions, trainingSettings } from './training-defaults.js';
import { trainingWarnings } from './training-warnings.js';

/** A request that fits its base and its files. */
export interface CheckedJob {
  readonly base: ReadyBaseModel;
  readonly training: DataFile;
  readonly validation: DataFile | undefined;
  readonly settings: TrainingSettings;
  readonly method: FineTuningMethod;
  readonly warnings: readonly string[];
}

/** Whether a request fits its base, its files and its task. */
@Injectable()
export class JobCheck {
  constructor(
    private readonly models: ModelResolver,
    private readonly tasks: TaskResolver,
    private readonly files: DataFileRepository,
  ) {}

  /** Everything of a request that needs no numerics. The files were validated on upload. */
  async check(project: string, request: CreateFineTuningJob): Promise<CheckedJob> {
    const base = await this.models.resolveBase(project, request.model);
    const training = await this.trainingFile(project, request.training_file, 'training_file');
    const validation =
      typeof request.validation_file === 'string'
        ? await this.trainingFile(project, request.validation_file, 'validation_file')
        : undefined;
    const { prad } = request.method;
    const task = await this.tasks.resolve(project, request.task, training);
    const settings = { ...trainingSettings(prad, base), task };
    const method: FineTuningMethod = {
      adapter: prad.adapter,
      scope: prad.scope,
      options: toJson(methodOptions(prad, base, task)),
      hyperparameters: toJson(settings),
    };
    return { base, training, validation, settings, method, warnings: trainingWarnings(method, base) };
  }

  private async trainingFile(project: string, id: string, param: string): Promise<DataFile> {
    const file = await this.files.getIn(project, id).catch((error: unknown) => {
      throw atField(error, param);
    });
    if (file.purpose === 'fine-tune') return file;
    throw new AppError({
      kind: 'invalid',
      code: 'wrong_purpose',
      message: `\`${param}\` must have the purpose fine-tune: ${id} has ${file.purpose}`,
      details: { param },
    });
  }
}

/** Options as a row keeps them: absent ones have no key. */
function toJson(options: object): JsonObject {
  return JSON.parse(JSON.stringify(options)) as JsonObject;
}
