import { Injectable } from '@nestjs/common';
import type { CreateEvaluation, CreateFineTuningJob, CreateJobEvaluation } from '@prad/contracts';
import { AdapterRepository, DataFileRepository, EvaluationRepository } from '@prad/database';
import {
  isAliasName,
  newId,
  type DataFile,
  type EvaluatedModel,
  type Evaluation,
  type JobEvaluation,
  type PromotionGate,
} from '@prad/domain';
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
    const names = typeof request.model === 'string' ? [request.model] : request.model;
    const resolved = [];
    for (const name of names) resolved.push(await this.resolve(project, name));
    const context = Math.min(...resolved.map(({ contextLength }) => contextLength));
    const plan = await this.plan(project, request, context);
    const id = newId('eval');
    const models = resolved.map(({ model }) => model);
    const evaluation = await this.evaluations.create({ id, project, models, ...plan });
    try {
      await this.producer.add('evaluate', { evaluationId: id, requestId: currentRequestId() });
    } catch (error) {
      await this.evaluations.reject(id, { code: 'queue_unavailable', message: String(error), param: null });
      throw error;
    }
    return evaluation;
  }

  /** Checks the evaluation that a fine-tuning job asks for; what it is to score is not there yet. */
  async ofJob(project: string, job: CreateFineTuningJob): Promise<JobEvaluation | null> {
    if (!job.evaluation) return null;
    const base = await this.models.resolveBase(project, job.model);
    const request = { ...job.evaluation, task: job.evaluation.task ?? job.task ?? undefined };
    try {
      const plan = await this.plan(project, request, base.contextLength);
      const promote = job.evaluation.promote ? await this.gate(project, job, plan.metrics) : null;
      return { ...plan, promote };
    } catch (error) {
      throw atField(error, 'evaluation');
    }
  }

  private async gate(
    project: string,
    { model, method: { prad }, evaluation }: CreateFineTuningJob,
    metrics: readonly string[],
  ): Promise<PromotionGate | null> {
    if (!evaluation?.promote) return null;
    const { adapter = null, alias, metric = metrics[0] ?? '', ...limits } = evaluation.promote;
    if (!isAliasName(alias)) throw badGate('alias', `${JSON.stringify(alias)} cannot be an alias`);
    if (!metrics.includes(metric)) {
      throw badGate('metric', `must be one of ${metrics.join(', ')}, got ${JSON.stringify(metric)}`);
    }
    if (adapter !== null) {
      const known = await this.adapters.getIn(project, adapter);
      const facts = { baseModel: model, method: prad.adapter, scope: prad.scope };
      for (const what of ['baseModel', 'method', 'scope'] as const) {
        if (known[what] !== facts[what]) {
          throw badGate('adapter', `has the ${what} ${known[what]}, the job has ${facts[what]}`);
        }
      }
    }
    const { min_improvement: minImprovement, significance = null } = limits;
    return { adapter, alias, metric, minImprovement, significance };
  }

  private async plan(
    project: string,
    request: Omit<CreateJobEvaluation, 'promote'>,
    context: number,
  ): Promise<Omit<JobEvaluation, 'promote'>> {
    const file = await this.file(project, request.file);
    const task = await this.tasks.resolve(project, request.task, file);
    const { maxTokens, temperature, stop, metrics, numBeams } = scoringOf(task, request);
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
    const settings: EvaluationSettings = {
      ...{ task, labelScoring: request.label_scoring },
      sampling: samplingOf(asked, context, () => seed),
      limit: request.limit ?? null,
      resamples: request.resamples,
    };
    return { metrics, settings, fileId: file.id, fileDigest: file.sha256 };
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

function badGate(field: string, problem: string): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'bad_promotion',
    message: `\`evaluation.promote.${field}\` ${problem}`,
    details: { param: `evaluation.promote.${field}` },
  });
}
