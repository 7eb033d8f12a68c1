import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { health, readiness, type Readiness } from '@prad/contracts';
import type { FastifyReply } from 'fastify';
import { ReadinessService } from './readiness.service.js';

@ApiTags('operation')
@Controller()
export class HealthController {
  constructor(private readonly readinessService: ReadinessService) {}

  /** The process lives. */
  @Get('health')
  @ApiOkResponse({ standardSchema: health })
  health() {
    return { status: 'ok' as const };
  }

  /** The process can take requests: its stores answer and it is not going down. */
  @Get('ready')
  @ApiOkResponse({ standardSchema: readiness })
  @ApiServiceUnavailableResponse({ standardSchema: readiness })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const state = await this.readinessService.check();
    void reply.status(state.status === 'ok' ? 200 : 503);
    return state;
  }
}
