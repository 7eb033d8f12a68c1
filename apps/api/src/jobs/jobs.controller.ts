import { Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import {
  jobList,
  jobListQuery,
  jobStreamQuery,
  jobSummary,
  type JobListQuery,
  type JobStreamQuery,
} from '@prad/contracts';
import { JobSummaryRepository } from '@prad/database';
import type { FastifyReply } from 'fastify';
import { CallerProject } from '../access/caller-project.js';
import { Drain, disconnection } from '../http/drain.js';
import { toList } from '../http/page.view.js';
import { ServerSentEvents } from '../http/server-sent-events.js';
import { JobChangeFeed } from './job-change.feed.js';
import { jobFilterOf } from './job-filter.js';
import { JobService } from './job.service.js';
import { toJobSummaryObject } from './job-summary.view.js';

/** Fine-tuning and inference jobs in one list. */
@ApiTags('jobs')
@Controller('v1/jobs')
export class JobsController {
  constructor(
    private readonly service: JobService,
    private readonly jobs: JobSummaryRepository,
    private readonly feed: JobChangeFeed,
    private readonly drain: Drain,
  ) {}

  @Get()
  @ApiOkResponse({ standardSchema: jobList })
  async list(
    @CallerProject() project: string,
    @Query({ schema: jobListQuery }) { after, limit, ...filter }: JobListQuery,
  ) {
    return toList(await this.jobs.list(project, { after, limit }, jobFilterOf(filter)), toJobSummaryObject);
  }

  /**
   * Server-sent events: each job again whenever it was made or its status, progress or cancel flag changed, from the
   * moment on at which the headers arrive. A client that connects anew reads the list again.
   */
  @Get('stream')
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ standardSchema: jobSummary })
  async stream(
    @CallerProject() project: string,
    @Query({ schema: jobStreamQuery }) query: JobStreamQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const signal = AbortSignal.any([disconnection(reply), this.drain.stopping]);
    const changes = await this.feed.follow(project, jobFilterOf(query), signal);
    const events = new ServerSentEvents(reply);
    try {
      for await (const job of changes) await events.send(JSON.stringify(toJobSummaryObject(job)));
    } finally {
      events.end();
    }
  }

  @Get(':id')
  @ApiOkResponse({ standardSchema: jobSummary })
  async get(@CallerProject() project: string, @Param('id') id: string) {
    return toJobSummaryObject(await this.jobs.getIn(project, id));
  }

  /** Ends a waiting job at once and asks a running one to stop. */
  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: jobSummary })
  async cancel(@CallerProject() project: string, @Param('id') id: string) {
    return toJobSummaryObject(await this.service.cancel(project, id));
  }
}
