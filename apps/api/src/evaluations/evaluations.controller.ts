import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  createEvaluation,
  evaluationEventList,
  evaluationList,
  evaluationObject,
  eventQuery,
  listQuery,
  type CreateEvaluation,
  type EventQuery,
  type ListQuery,
} from '@prad/contracts';
import { EvaluationEventRepository, EvaluationRepository } from '@prad/database';
import { isFinal } from '@prad/domain';
import { AppError } from '@prad/errors';
import { BlobStore } from '@prad/storage';
import type { FastifyReply } from 'fastify';
import { CallerProject } from '../access/caller-project.js';
import { answerEvents } from '../events/answer-events.js';
import { Drain } from '../http/drain.js';
import { toList } from '../http/page.view.js';
import { EvaluationService } from './evaluation.service.js';
import { toEvaluationEventObject, toEvaluationObject } from './evaluation.view.js';

@ApiTags('evaluations')
@Controller('v1/evaluations')
export class EvaluationsController {
  constructor(
    private readonly service: EvaluationService,
    private readonly evaluations: EvaluationRepository,
    private readonly events: EvaluationEventRepository,
    private readonly blobs: BlobStore,
    private readonly drain: Drain,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiAcceptedResponse({ standardSchema: evaluationObject })
  async create(@CallerProject() project: string, @Body({ schema: createEvaluation }) body: CreateEvaluation) {
    return toEvaluationObject(await this.service.submit(project, body));
  }

  @Get()
  @ApiOkResponse({ standardSchema: evaluationList })
  async list(@CallerProject() project: string, @Query({ schema: listQuery }) page: ListQuery) {
    return toList(await this.evaluations.list(project, page), toEvaluationObject);
  }

  @Get(':id')
  @ApiOkResponse({ standardSchema: evaluationObject })
  async get(@CallerProject() project: string, @Param('id') id: string) {
    return toEvaluationObject(await this.evaluations.getIn(project, id));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: evaluationObject })
  async cancel(@CallerProject() project: string, @Param('id') id: string) {
    return toEvaluationObject(await this.service.cancel(project, id));
  }

  @Get(':id/events')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Sequence of the last event seen.' })
  @ApiOkResponse({ standardSchema: evaluationEventList })
  async listEvents(
    @CallerProject() project: string,
    @Param('id') id: string,
    @Query({ schema: eventQuery }) query: EventQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.evaluations.getIn(project, id);
    const hasEnded = async () => isFinal((await this.evaluations.get(id)).status);
    const story = { id, events: this.events, hasEnded };
    await answerEvents(story, { query, lastEventId, reply }, toEvaluationEventObject, this.drain);
  }

  @Get(':id/predictions')
  @ApiOkResponse({
    description: 'JSON lines: each sample with its references, what every model said, and the metrics’ sums.',
    content: { 'application/jsonl': { schema: { type: 'string' } } },
  })
  async predictions(@CallerProject() project: string, @Param('id') id: string, @Res() reply: FastifyReply) {
    const evaluation = await this.evaluations.getIn(project, id);
    if (evaluation.status !== 'succeeded') {
      throw new AppError({
        kind: 'conflict',
        code: 'evaluation_not_succeeded',
        message: `evaluation ${id} has no predictions: its status is ${evaluation.status}`,
      });
    }
    await reply.type('application/jsonl').send(await this.blobs.get(evaluation.predictionsKey));
  }
}
