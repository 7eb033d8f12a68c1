import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { createFineTuningJob, fineTuningEstimate, type CreateFineTuningJob } from '@prad/contracts';
import type { FastifyReply } from 'fastify';
import { CallerProject } from '../access/caller-project.js';
import { disconnection } from '../http/drain.js';
import { EstimateService } from './estimate.service.js';

@ApiTags('fine-tuning')
@Controller('v1/fine_tuning/estimate')
export class EstimateController {
  constructor(private readonly service: EstimateService) {}

  /** What a job with this body would take, and whether it would be accepted; nothing is recorded. */
  @Post()
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: fineTuningEstimate })
  async estimate(
    @CallerProject() project: string,
    @Body({ schema: createFineTuningJob }) body: CreateFineTuningJob,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.service.estimate(project, body, disconnection(reply));
  }
}
