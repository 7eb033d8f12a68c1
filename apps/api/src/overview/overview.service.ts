import { Injectable } from '@nestjs/common';
import type { OverviewObject } from '@prad/contracts';
import { ProjectFiguresRepository, JobSummaryRepository, WorkerNodeRepository } from '@prad/database';
import type { WorkerNode } from '@prad/domain';
import { JobProducer, roleNames, type RoleName } from '@prad/queue';
import { toSeconds } from '../http/page.view.js';
import { toJobSummaryObject } from '../jobs/job-summary.view.js';
import { ALIVE_MS } from '../workers/workers.controller.js';

const MOST_RUNNING = 20;

@Injectable()
export class OverviewService {
  constructor(
    private readonly jobs: JobSummaryRepository,
    private readonly figures: ProjectFiguresRepository,
    private readonly nodes: WorkerNodeRepository,
    private readonly producer: JobProducer,
  ) {}

  /** The project's work, and the workers and queues, which all projects share. Throws unavailable when the queue does not answer. */
  async read(project: string): Promise<OverviewObject> {
    const [figures, running, workers, queues] = await Promise.all([
      this.figures.read(project),
      this.jobs.list(project, { limit: MOST_RUNNING }, { kind: 'fine_tuning', status: 'running' }),
      this.nodes.list(ALIVE_MS),
      Promise.all(roleNames.map((name) => this.queue(name))),
    ]);
    return {
      object: 'overview',
      created_at: toSeconds(new Date()),
      workers: { alive: workers.length, by_role: countByRole(workers) },
      queues,
      running: running.items.map(toJobSummaryObject),
      tokens_per_second: {
        training: figures.trainingTokensPerSecond,
        generation: figures.generationTokensPerSecond,
      },
      failed_last_hour: figures.failedLastHour,
      totals: {
        base_models: figures.baseModels,
        adapters: figures.adapters,
        files: figures.files,
        jobs: figures.jobs,
      },
    };
  }

  private async queue(name: RoleName): Promise<OverviewObject['queues'][number]> {
    const [depth, paused] = await Promise.all([this.producer.depth(name), this.producer.isPaused(name)]);
    const { waiting, prioritized, delayed, active } = depth;
    return { name, paused, waiting, prioritized, delayed, active };
  }
}

function countByRole(workers: readonly WorkerNode[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const role of workers.flatMap(({ roles }) => roles)) counts[role] = (counts[role] ?? 0) + 1;
  return counts;
}
