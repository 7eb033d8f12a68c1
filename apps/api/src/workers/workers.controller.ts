import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { workerList } from '@prad/contracts';
import { WorkerNodeRepository } from '@prad/database';
import { toWorkerObject } from './worker.view.js';

/** A worker reports itself every 5 s; this many milliseconds of silence are taken for its death. */
export const ALIVE_MS = 20_000;

@ApiTags('operation')
@Controller('v1/workers')
export class WorkersController {
  constructor(private readonly nodes: WorkerNodeRepository) {}

  @Get()
  @ApiOkResponse({ standardSchema: workerList })
  async list() {
    return { object: 'list' as const, data: (await this.nodes.list(ALIVE_MS)).map(toWorkerObject) };
  }
}
