import { Controller, Get, Param, Query, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import { fineTuningCheckpointList, listQuery, type ListQuery } from '@prad/contracts';
import { CheckpointRepository, FineTuningJobRepository } from '@prad/database';
import { BlobStore } from '@prad/storage';
import { CallerProject } from '../access/caller-project.js';
import { safetensorsAttachment } from '../http/attachment.js';
import { toList } from '../http/page.view.js';
import { toFineTuningCheckpointObject } from './fine-tuning-job.view.js';

@ApiTags('fine-tuning')
@Controller('v1/fine_tuning/jobs/:id/checkpoints')
export class CheckpointsController {
  constructor(
    private readonly jobs: FineTuningJobRepository,
    private readonly checkpoints: CheckpointRepository,
    private readonly blobs: BlobStore,
  ) {}

  @Get()
  @ApiOkResponse({ standardSchema: fineTuningCheckpointList })
  async list(
    @CallerProject() project: string,
    @Param('id') id: string,
    @Query({ schema: listQuery }) { after, limit }: ListQuery,
  ) {
    await this.jobs.getIn(project, id);
    return toList(await this.checkpoints.list(id, { after, limit }), toFineTuningCheckpointObject);
  }

  /** The adapter's weights as they were at that step. */
  @Get(':checkpoint/content')
  @ApiProduces('application/octet-stream')
  async content(
    @CallerProject() project: string,
    @Param('id') id: string,
    @Param('checkpoint') checkpointId: string,
  ): Promise<StreamableFile> {
    await this.jobs.getIn(project, id);
    const checkpoint = await this.checkpoints.get(id, checkpointId);
    return safetensorsAttachment(this.blobs, checkpoint, `${id}-step-${checkpoint.step}`);
  }
}
