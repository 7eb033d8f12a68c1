import { Injectable } from '@nestjs/common';
import { InferenceJobRepository, JobSummaryRepository } from '@prad/database';
import { illegalChange, isFinal, type JobSummary } from '@prad/domain';
import { FineTuningService } from '../fine-tuning/fine-tuning.service.js';

@Injectable()
export class JobService {
  constructor(
    private readonly jobs: JobSummaryRepository,
    private readonly inferenceJobs: InferenceJobRepository,
    private readonly fineTuning: FineTuningService,
  ) {}

  /** Ends a waiting job, asks a running one to stop. Throws notFound, or conflict for one that has ended. */
  async cancel(project: string, id: string): Promise<JobSummary> {
    const { kind, status } = await this.jobs.getIn(project, id);
    if (isFinal(status)) throw illegalChange(id, 'be cancelled', status);
    await (kind === 'fine_tuning'
      ? this.fineTuning.cancel(project, id)
      : this.inferenceJobs.requestCancel(id));
    return this.jobs.getIn(project, id);
  }
}
