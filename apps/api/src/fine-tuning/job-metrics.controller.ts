import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { jobMetricList, jobMetricQuery, type JobMetricObject, type JobMetricQuery } from '@prad/contracts';
import { FineTuningJobRepository, JobMetricRepository } from '@prad/database';
import type { JobMetric } from '@prad/domain';
import { CallerProject } from '../access/caller-project.js';

@ApiTags('fine-tuning')
@Controller('v1/fine_tuning/jobs/:id/metrics')
export class JobMetricsController {
  constructor(
    private readonly jobs: FineTuningJobRepository,
    private readonly metrics: JobMetricRepository,
  ) {}

  /** The job's curves by step, thinned evenly to `max_points`; points with a validation loss always stay. */
  @Get()
  @ApiOkResponse({ standardSchema: jobMetricList })
  async list(
    @CallerProject() project: string,
    @Param('id') id: string,
    @Query({ schema: jobMetricQuery }) { after, max_points: maxPoints }: JobMetricQuery,
  ) {
    await this.jobs.getIn(project, id);
    const data = (await this.metrics.curve(id, after, maxPoints)).map(toJobMetricObject);
    return { object: 'list' as const, data };
  }
}

function toJobMetricObject(metric: JobMetric): JobMetricObject {
  const { step, sequence } = metric;
  return {
    ...{ step, sequence },
    train_loss: finite(metric.trainLoss),
    valid_loss: finite(metric.validLoss),
    learning_rate: finite(metric.learningRate),
    gradient_norm: finite(metric.gradientNorm),
    tokens_per_second: finite(metric.tokensPerSecond),
    step_seconds: finite(metric.stepSeconds),
    padding_waste: finite(metric.paddingWaste),
    mfu: finite(metric.mfu),
  };
}

/** JSON has no number for what a diverged training measures. */
function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
