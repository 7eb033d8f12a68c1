import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  createFineTuningJob,
  fineTuningEventList,
  fineTuningEventQuery,
  fineTuningJob,
  fineTuningJobList,
  fineTuningJobListQuery,
  type CreateFineTuningJob,
  type FineTuningEventQuery,
  type FineTuningJobListQuery,
} from '@prad/contracts';
import { FineTuningJobRepository, JobEventRepository } from '@prad/database';
import { AppError } from '@prad/errors';
import type { FastifyReply } from 'fastify';
import { CallerProject } from '../access/caller-project.js';
import { EvaluationService } from '../evaluations/evaluation.service.js';
import { Drain, disconnection } from '../http/drain.js';
import { toList } from '../http/page.view.js';
import { ServerSentEvents } from '../http/server-sent-events.js';
import { toFineTuningEventObject, toFineTuningJobObject } from './fine-tuning-job.view.js';
import { FineTuningService } from './fine-tuning.service.js';
import { JobEventFeed } from './job-event.feed.js';

@ApiTags('fine-tuning')
@Controller('v1/fine_tuning/jobs')
export class FineTuningController {
  constructor(
    private readonly service: FineTuningService,
    private readonly evaluations: EvaluationService,
    private readonly jobs: FineTuningJobRepository,
    private readonly events: JobEventRepository,
    private readonly feed: JobEventFeed,
    private readonly drain: Drain,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiAcceptedResponse({ standardSchema: fineTuningJob })
  async create(
    @CallerProject() project: string,
    @Body({ schema: createFineTuningJob }) body: CreateFineTuningJob,
  ) {
    const evaluation = await this.evaluations.ofJob(project, body);
    return toFineTuningJobObject(await this.service.submit(project, body, evaluation));
  }

  @Get()
  @ApiOkResponse({ standardSchema: fineTuningJobList })
  async list(
    @CallerProject() project: string,
    @Query({ schema: fineTuningJobListQuery }) { after, limit, ...filter }: FineTuningJobListQuery,
  ) {
    return toList(await this.jobs.list(project, { after, limit }, filter), toFineTuningJobObject);
  }

  @Get(':id')
  @ApiOkResponse({ standardSchema: fineTuningJob })
  async get(@CallerProject() project: string, @Param('id') id: string) {
    return toFineTuningJobObject(await this.jobs.getIn(project, id));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: fineTuningJob })
  async cancel(@CallerProject() project: string, @Param('id') id: string) {
    return toFineTuningJobObject(await this.service.cancel(project, id));
  }

  /** Stops within about two seconds, keeping a state to go on from. */
  @Post(':id/pause')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: fineTuningJob })
  async pause(@CallerProject() project: string, @Param('id') id: string) {
    return toFineTuningJobObject(await this.service.pause(project, id));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: fineTuningJob })
  async resume(@CallerProject() project: string, @Param('id') id: string) {
    return toFineTuningJobObject(await this.service.resume(project, id));
  }

  @Get(':id/events')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Sequence of the last event seen.' })
  @ApiOkResponse({ standardSchema: fineTuningEventList })
  async listEvents(
    @CallerProject() project: string,
    @Param('id') id: string,
    @Query({ schema: fineTuningEventQuery }) query: FineTuningEventQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.jobs.getIn(project, id);
    if (query.stream === 'true') {
      await this.streamEvents(id, sequenceOf(lastEventId), reply);
      return;
    }
    const page = await this.events.list(id, { after: query.after, limit: query.limit });
    await reply.send(toList(page, toFineTuningEventObject));
  }

  /** Ends in `[DONE]` when the job has ended; a stream that ends otherwise is resumed by Last-Event-ID. */
  private async streamEvents(id: string, afterSequence: number, reply: FastifyReply): Promise<void> {
    const signal = AbortSignal.any([disconnection(reply), this.drain.stopping]);
    const stream = new ServerSentEvents(reply);
    try {
      for await (const event of this.feed.follow(id, afterSequence, signal)) {
        await stream.send(JSON.stringify(toFineTuningEventObject(event)), { id: String(event.sequence) });
      }
      if (!signal.aborted) await stream.send('[DONE]');
    } finally {
      stream.end();
    }
  }
}

function sequenceOf(lastEventId: string | undefined): number {
  if (lastEventId === undefined || lastEventId === '') return 0;
  if (/^\d{1,15}$/.test(lastEventId)) return Number(lastEventId);
  throw new AppError({
    kind: 'invalid',
    code: 'bad_last_event_id',
    message: `the header Last-Event-ID must be the sequence of an event, got ${JSON.stringify(lastEventId)}`,
  });
}
