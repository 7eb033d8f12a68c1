import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  importModelRequest,
  modelDeletion,
  modelList,
  modelObject,
  type ImportModelRequest,
} from '@prad/contracts';
import { CallerProject } from '../access/caller-project.js';
import { ModelService } from './model.service.js';

@ApiTags('models')
@Controller('v1/models')
export class ModelsController {
  constructor(private readonly models: ModelService) {}

  @Get()
  @ApiOkResponse({ standardSchema: modelList })
  async list(@CallerProject() project: string) {
    return { object: 'list' as const, data: await this.models.list(project) };
  }

  @Get(':id')
  @ApiOkResponse({ standardSchema: modelObject })
  get(@CallerProject() project: string, @Param('id') id: string) {
    return this.models.get(project, id);
  }

  @Post()
  @HttpCode(202)
  @ApiAcceptedResponse({ standardSchema: modelObject })
  import(@Body({ schema: importModelRequest }) body: ImportModelRequest) {
    return this.models.import(body);
  }

  @Delete(':id')
  @ApiOkResponse({ standardSchema: modelDeletion })
  async delete(@CallerProject() project: string, @Param('id') id: string) {
    await this.models.delete(project, id);
    return { id, object: 'model' as const, deleted: true as const };
  }
}
