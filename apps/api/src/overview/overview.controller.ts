import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { overview } from '@prad/contracts';
import { CallerProject } from '../access/caller-project.js';
import { OverviewService } from './overview.service.js';

@ApiTags('operation')
@Controller('v1/overview')
export class OverviewController {
  constructor(private readonly service: OverviewService) {}

  @Get()
  @ApiOkResponse({ standardSchema: overview })
  read(@CallerProject() project: string) {
    return this.service.read(project);
  }
}
