import { Controller, Get, HttpCode, Param, Post, Query, Req, StreamableFile } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import {
  adapterExportQuery,
  adapterFileName,
  adapterList,
  adapterObject,
  importAdapterForm,
  listQuery,
  type AdapterExportQuery,
  type AdapterFileName,
  type ListQuery,
} from '@prad/contracts';
import { AdapterRepository } from '@prad/database';
import { BlobStore } from '@prad/storage';
import type { FastifyRequest } from 'fastify';
import { CallerProject } from '../access/caller-project.js';
import { safetensorsAttachment } from '../http/attachment.js';
import { formParts, formSchema } from '../http/form.js';
import { toList } from '../http/page.view.js';
import { AdapterFilesService } from './adapter-files.service.js';
import { toAdapterDetailObject } from './adapter.view.js';

/** Adapters with where they come from; as models they are listed and deleted under /v1/models. */
@ApiTags('adapters')
@Controller('v1/adapters')
export class AdaptersController {
  constructor(
    private readonly adapters: AdapterRepository,
    private readonly blobs: BlobStore,
    private readonly files: AdapterFilesService,
  ) {}

  /** Imports an adapter from the two files that PEFT keeps it in. */
  @Post()
  @HttpCode(200)
  @ApiConsumes('multipart/form-data')
  @ApiBody({ schema: formSchema(importAdapterForm) })
  @ApiOkResponse({ standardSchema: adapterObject })
  async import(@CallerProject() project: string, @Req() request: FastifyRequest) {
    return toAdapterDetailObject(await this.files.import(project, formParts(request, importAdapterForm)));
  }

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

  /** One of the two files that PEFT reads; `format=prad` for what PEFT has no form of. */
  @Get(':id/export/:file')
  @ApiProduces('application/octet-stream', 'application/json')
  async export(
    @CallerProject() project: string,
    @Param('id') id: string,
    @Param('file', { schema: adapterFileName }) file: AdapterFileName,
    @Query({ schema: adapterExportQuery }) { format }: AdapterExportQuery,
  ): Promise<StreamableFile> {
    const bytes = await this.files.export(project, id, format, file);
    const type = file === 'adapter_config.json' ? 'application/json' : 'application/octet-stream';
    return new StreamableFile(bytes, {
      type,
      disposition: `attachment; filename="${file}"`,
      length: bytes.byteLength,
    });
  }
}
