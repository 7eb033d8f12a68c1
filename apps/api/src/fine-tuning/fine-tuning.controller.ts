import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  createFineTuningJob,
  eventQuery,
  fineTuningEventList,
  fineTuningJob,
  fineTuningJobList,
  fineTuningJobListQuery,
  type CreateFineTuningJob,
  type EventQuery,
  type FineTuningJobListQuery,
} from '@prad/contracts';
import { FineTuningJobRepository, JobEventRepository } from '@prad/database';
import { isSettled } from '@prad/domain';
import type { FastifyReply } from 'fastify';
import { CallerProject } from '../access/caller-project.js';
import { EvaluationService } from '../evaluations/evaluation.service.js';
import { answerEvents } from '../events/answer-events.js';
import { Drain } from '../http/drain.js';
import { toList } from '../http/page.view.js';
import { toFineTuningEventObject, toFineTuningJobObject } from './fine-tuning-job.view.js';
import { FineTuningService } from './fine-tuning.service.js';

@ApiTags('fine-tuning')
@Controller('v1/fine_tuning/jobs')
export class FineTuningController {
  constructor(
    private readonly service: FineTuningService,
    private readonly evaluations: EvaluationService,
    private readonly jobs: FineTuningJobRepository,
    private readonly events: JobEventRepository,
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
    @Query({ schema: eventQuery }) query: EventQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.jobs.getIn(project, id);
    const hasEnded = async () => isSettled(await this.jobs.get(id));
    const story = { id, events: this.events, hasEnded };
    await answerEvents(story, { query, lastEventId, reply }, toFineTuningEventObject, this.drain);
  }
}
