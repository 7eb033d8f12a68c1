import { Controller, Get, Param, Query, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import { adapterList, adapterObject, listQuery, type ListQuery } from '@prad/contracts';
import { AdapterRepository } from '@prad/database';
import { BlobStore } from '@prad/storage';
import { CallerProject } from '../access/caller-project.js';
import { safetensorsAttachment } from '../http/attachment.js';
import { toList } from '../http/page.view.js';
import { toAdapterDetailObject } from './adapter.view.js';

/** Trained adapters with where they come from; as models they are listed and deleted under /v1/models. */
@ApiTags('adapters')
@Controller('v1/adapters')
export class AdaptersController {
  constructor(
    private readonly adapters: AdapterRepository,
    private readonly blobs: BlobStore,
  ) {}

  @Get()
  @ApiOkResponse({ standardSchema: adapterList })
  async list(@CallerProject() project: string, @Query({ schema: listQuery }) { after, limit }: ListQuery) {
    return toList(await this.adapters.listDetails(project, { after, limit }), toAdapterDetailObject);
  }

  @Get(':id')
  @ApiOkResponse({ standardSchema: adapterObject })
  async get(@CallerProject() project: string, @Param('id') id: string) {
    return toAdapterDetailObject(await this.adapters.getDetail(project, id));
  }

  /** The latest version's weights. */
  @Get(':id/content')
  @ApiProduces('application/octet-stream')
  async content(@CallerProject() project: string, @Param('id') id: string): Promise<StreamableFile> {
    const { latest } = await this.adapters.getIn(project, id);
    return safetensorsAttachment(this.blobs, latest, id);
  }
}
