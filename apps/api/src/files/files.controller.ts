import {
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
  StreamableFile,
} from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import {
  fileDeletion,
  fileList,
  fileListQuery,
  fileObject,
  filePreview,
  filePreviewQuery,
  uploadForm,
  type FileListQuery,
  type FilePreviewQuery,
} from '@prad/contracts';
import { DataFileRepository } from '@prad/database';
import { filePurposes } from '@prad/domain';
import { BlobStore } from '@prad/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallerProject } from '../access/caller-project.js';
import { disconnection } from '../http/drain.js';
import { formParts, formSchema } from '../http/form.js';
import { toList } from '../http/page.view.js';
import { FilePreviewService } from './file-preview.service.js';
import { FileService } from './file.service.js';
import { toFileObject } from './file.view.js';

@ApiTags('files')
@Controller('v1/files')
export class FilesController {
  constructor(
    private readonly service: FileService,
    private readonly files: DataFileRepository,
    private readonly previews: FilePreviewService,
    private readonly blobs: BlobStore,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiConsumes('multipart/form-data')
  @ApiBody({ schema: formSchema(uploadForm) })
  @ApiOkResponse({ standardSchema: fileObject })
  async upload(@CallerProject() project: string, @Req() request: FastifyRequest) {
    return toFileObject(await this.service.upload(project, formParts(request, uploadForm)));
  }

  @Get()
  @ApiOkResponse({ standardSchema: fileList })
  async list(@CallerProject() project: string, @Query({ schema: fileListQuery }) query: FileListQuery) {
    const purpose = filePurposes.find((known) => known === query.purpose);
    if (query.purpose !== undefined && purpose === undefined)
      return toList({ items: [], hasMore: false }, toFileObject);
    return toList(
      await this.files.list(project, { after: query.after, limit: query.limit }, purpose),
      toFileObject,
    );
  }

  @Get(':id')
  @ApiOkResponse({ standardSchema: fileObject })
  async get(@CallerProject() project: string, @Param('id') id: string) {
    return toFileObject(await this.files.getIn(project, id));
  }

  @Get(':id/content')
  @ApiProduces('application/jsonl')
  async content(@CallerProject() project: string, @Param('id') id: string): Promise<StreamableFile> {
    const { blobKey, bytes } = await this.files.getIn(project, id);
    return new StreamableFile(await this.blobs.get(blobKey), { type: 'application/jsonl', length: bytes });
  }

  /** How the file begins and, with a model, how long its examples are. */
  @Get(':id/preview')
  @ApiOkResponse({ standardSchema: filePreview })
  preview(
    @CallerProject() project: string,
    @Param('id') id: string,
    @Query({ schema: filePreviewQuery }) query: FilePreviewQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.previews.preview(project, id, query, disconnection(reply));
  }

  @Delete(':id')
  @ApiOkResponse({ standardSchema: fileDeletion })
  async delete(@CallerProject() project: string, @Param('id') id: string) {
    await this.service.delete(project, id);
    return { id, object: 'file' as const, deleted: true as const };
  }
}
