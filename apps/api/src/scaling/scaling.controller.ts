import { Controller, Get, Header, Param, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { scaling, type ScalingObject } from '@prad/contracts';
import { AppError } from '@prad/errors';
import { roleNames, type RoleName } from '@prad/queue';
import { ScalingGuard } from './scaling.guard.js';
import { ScalingService } from './scaling.service.js';

@ApiTags('operation')
@ApiBearerAuth()
@UseGuards(ScalingGuard)
@Controller('internal/scaling')
export class ScalingController {
  constructor(private readonly service: ScalingService) {}

  /** How many jobs want a place in a pool of workers; for KEDA's metrics-api scaler, whose `valueLocation` is `needed`. */
  @Get(':pool')
  @Header('cache-control', 'no-store')
  @ApiOkResponse({ standardSchema: scaling })
  @ApiServiceUnavailableResponse({ description: 'The queue or the rows do not answer.' })
  async read(@Param('pool') pool: string): Promise<ScalingObject> {
    return { pool, ...(await this.service.demand(rolesOf(pool))) };
  }
}

/** The roles of a pool by its name: one, or several joined by commas. */
function rolesOf(pool: string): readonly RoleName[] {
  const words = [...new Set(pool.split(',').map((word) => word.trim()))];
  return words.map((word) => roleNames.find((name) => name === word) ?? unknownRole(word));
}

function unknownRole(word: string): never {
  throw new AppError({
    kind: 'invalid',
    code: 'unknown_role',
    message: `\`pool\` must be one or several of ${roleNames.join(', ')}, joined by commas: got ${JSON.stringify(word)}`,
    details: { param: 'pool' },
  });
}
