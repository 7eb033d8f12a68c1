import { Injectable } from '@nestjs/common';
import type { CreateEvaluation } from '@prad/contracts';
import { AdapterRepository, DataFileRepository, EvaluationRepository } from '@prad/database';
import { newId, type DataFile, type EvaluatedModel, type Evaluation } from '@prad/domain';
import { AppError } from '@prad/errors';
import { JobProducer, type EvaluationSettings } from '@prad/queue';
import { currentRequestId } from '@prad/telemetry';
import { samplingOf } from '../generation/sampling.js';
import { atField } from '../http/error-response.js';
import { ModelResolver } from '../models/model-resolver.js';
import { TaskResolver } from '../tasks/task-resolver.js';
import { scoringOf } from './scoring.js';

@Injectable()
export class EvaluationService {
  constructor(
    private readonly models: ModelResolver,
    private readonly tasks: TaskResolver,
    private readonly adapters: AdapterRepository,
    private readonly files: DataFileRepository,
    private readonly evaluations: EvaluationRepository,
    private readonly producer: JobProducer,
  ) {}

  /** Checks what needs no tokenizer, pins the adapters' versions, records the evaluation and queues it. */
  async submit(project: string, request: CreateEvaluation): Promise<Evaluation> {
    const file = await this.file(project, request.file);
    const task = await this.tasks.resolve(project, request.task, file);
    const scored = scoringOf(task, request);
    const names = typeof request.model === 'string' ? [request.model] : request.model;
    const resolved = [];
    for (const name of names) resolved.push(await this.resolve(project, name));
    const { maxTokens, temperature, stop, metrics, numBeams } = scored;
    const { seed, length_penalty, early_stopping } = request;
    const asked = {
      maxTokens: request.max_tokens,
      maxTokensField: 'max_tokens',
      defaultMaxTokens: maxTokens,
      temperature,
      stop: [...stop],
      seed,
      ...{ num_beams: numBeams, length_penalty, early_stopping },
    };
    const context = Math.min(...resolved.map(({ contextLength }) => contextLength));
    const settings: EvaluationSettings = {
      ...{ task, labelScoring: request.label_scoring },
      sampling: samplingOf(asked, context, () => seed),
      limit: request.limit ?? null,
      resamples: request.resamples,
    };
    const id = newId('eval');
    const evaluation = await this.evaluations.create({
      ...{ id, project, models: resolved.map(({ model }) => model), metrics, settings },
      ...{ fileId: file.id, fileDigest: file.sha256 },
    });
    try {
      await this.producer.add('evaluate', { evaluationId: id, requestId: currentRequestId() });
    } catch (error) {
      await this.evaluations.reject(id, { code: 'queue_unavailable', message: String(error), param: null });
      throw error;
    }
    return evaluation;
  }

  /** Ends a waiting evaluation, asks a running one to stop. Throws notFound, or conflict for one that has ended. */
  async cancel(project: string, id: string): Promise<Evaluation> {
    await this.evaluations.getIn(project, id);
    return this.evaluations.requestCancel(id);
  }

  private async resolve(
    project: string,
    name: string,
  ): Promise<{ readonly model: EvaluatedModel; readonly contextLength: number }> {
    const { base, adapter, adapterVersion } = await this.models.resolve(project, name);
    const version =
      adapter === null || adapterVersion === null
        ? undefined
        : await this.adapters.version(adapter, adapterVersion);
    const adapterDigest = version?.digest ?? null;
    const model = {
      name,
      baseModel: base.id,
      baseDigest: base.digest,
      adapter,
      adapterVersion,
      adapterDigest,
    };
    return { model, contextLength: base.contextLength };
  }

  private async file(project: string, id: string): Promise<DataFile> {
    const file = await this.files.getIn(project, id).catch((error: unknown) => {
      throw atField(error, 'file');
    });
    if (file.purpose === 'fine-tune') return file;
    throw new AppError({
      kind: 'invalid',
      code: 'wrong_purpose',
      message: `\`file\` must have the purpose fine-tune, whose rows are checked: ${id} has ${file.purpose}`,
      details: { param: 'file' },
    });
  }
}
