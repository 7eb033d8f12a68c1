import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  createFineTuningSweep,
  fineTuningSweep,
  fineTuningSweepList,
  listQuery,
  type CreateFineTuningSweep,
  type ListQuery,
} from '@prad/contracts';
import { SweepRepository } from '@prad/database';
import type { Sweep } from '@prad/domain';
import { CallerProject } from '../access/caller-project.js';
import { toList } from '../http/page.view.js';
import { SweepService } from './sweep.service.js';
import { toSweepObject } from './sweep.view.js';

@ApiTags('fine-tuning')
@Controller('v1/fine_tuning/sweeps')
export class SweepsController {
  constructor(
    private readonly service: SweepService,
    private readonly sweeps: SweepRepository,
  ) {}

  /** Trains every combination of the lists' values; the best by validation loss is the result. */
  @Post()
  @HttpCode(202)
  @ApiAcceptedResponse({ standardSchema: fineTuningSweep })
  async create(
    @CallerProject() project: string,
    @Body({ schema: createFineTuningSweep }) body: CreateFineTuningSweep,
  ) {
    return this.view(await this.service.submit(project, body));
  }

  @Get()
  @ApiOkResponse({ standardSchema: fineTuningSweepList })
  async list(@CallerProject() project: string, @Query({ schema: listQuery }) page: ListQuery) {
    const sweeps = await this.sweeps.list(project, page);
    const runs = await this.sweeps.runs(sweeps.items.map(({ id }) => id));
    return toList(sweeps, (sweep) => toSweepObject(sweep, runs.get(sweep.id) ?? []));
  }

  /** The sweep with its leaderboard as it stands. */
  @Get(':id')
  @ApiOkResponse({ standardSchema: fineTuningSweep })
  async get(@CallerProject() project: string, @Param('id') id: string) {
    return this.view(await this.sweeps.getIn(project, id));
  }

  /** Cancels all runs that have not ended. */
  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: fineTuningSweep })
  async cancel(@CallerProject() project: string, @Param('id') id: string) {
    return this.view(await this.service.cancel(project, id));
  }

  private async view(sweep: Sweep) {
    return toSweepObject(sweep, (await this.sweeps.runs([sweep.id])).get(sweep.id) ?? []);
  }
}
