import { Injectable } from '@nestjs/common';
import { baseLayout, trainedParameterCount } from '@prad/adapter-files';
import type { CreateFineTuningJob, FineTuningEstimateObject } from '@prad/contracts';
import { JobMetricRepository, WorkerNodeRepository } from '@prad/database';
import type { ReadyBaseModel } from '@prad/domain';
import { FilePreviewService } from '../files/file-preview.service.js';
import { ALIVE_MS } from '../workers/workers.controller.js';
import { JobCheck, type CheckedJob } from './job-check.js';
import { trainingAmount } from './training-amount.js';
import { trainingMemory } from './training-memory.js';

type Time = Pick<FineTuningEstimateObject, 'tokens_per_second' | 'seconds' | 'time_basis' | 'measured_jobs'>;

/** What a job would take. */
@Injectable()
export class EstimateService {
  constructor(
    private readonly checks: JobCheck,
    private readonly previews: FilePreviewService,
    private readonly metrics: JobMetricRepository,
    private readonly nodes: WorkerNodeRepository,
  ) {}

  /** Throws what the job's submission would, and cancelled when the signal is aborted. */
  async estimate(
    project: string,
    request: CreateFineTuningJob,
    signal: AbortSignal,
  ): Promise<FineTuningEstimateObject> {
    const checked = await this.checks.check(project, request);
    const { base, training, method, settings } = checked;
    const lengths = await this.previews.lengths(training, base, settings.task, signal);
    const rows = training.rows ?? lengths.length;
    const amount = trainingAmount(rows, lengths, settings);
    const parameters = trainedParameters(checked);
    const workers = (await this.nodes.list(ALIVE_MS)).filter(({ roles }) => roles.includes('train'));
    return {
      ...{ object: 'fine_tuning.estimate', model: base.id, trainable_parameters: parameters },
      ...{ rows, sampled_rows: lengths.length },
      ...{ tokens_per_epoch: amount.tokensOfAnEpoch, total_tokens: amount.tokens },
      ...{ longest_row: amount.longest, steps: amount.steps, epochs: amount.epochs },
      memory_bytes: trainingMemory(base, parameters, amount),
      ...(await this.time(base, method.adapter, amount.tokens)),
      workers: workers.map(({ id, device, currentWork }) => ({ id, device, busy: currentWork.length > 0 })),
      warnings: [...checked.warnings],
    };
  }

  private async time(base: ReadyBaseModel, method: string, tokens: number): Promise<Time> {
    const kind = method === 'full' ? 'full' : 'adapter';
    const same = await this.metrics.trainingRate(kind, base.id);
    const found = same ?? (await this.metrics.trainingRate(kind));
    if (found === undefined)
      return { tokens_per_second: null, seconds: null, time_basis: null, measured_jobs: 0 };
    const rate = same?.tokensPerSecond ?? found.weightsPerSecond / base.parameterCount;
    return {
      ...{ tokens_per_second: rate, seconds: tokens / rate },
      ...{ time_basis: same ? 'model' : 'other_models', measured_jobs: found.jobs },
    };
  }
}

function trainedParameters({ base, method }: CheckedJob): number | null {
  const { adapter, options } = method;
  if (adapter === 'full') return base.parameterCount;
  const layout = baseLayout.safeParse(base.details['layout']).data;
  return layout ? trainedParameterCount(adapter, options, layout) : null;
}
