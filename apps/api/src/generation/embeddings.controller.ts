import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { createEmbedding, embeddingList, type CreateEmbedding } from '@prad/contracts';
import type { FastifyReply } from 'fastify';
import { CallerProject } from '../access/caller-project.js';
import { Drain } from '../http/drain.js';
import { toEmbeddings } from './embedding.view.js';
import { promptList } from './prompt-list.js';
import { ReadingService } from './reading.service.js';

@ApiTags('generation')
@Controller('v1/embeddings')
export class EmbeddingsController {
  constructor(
    private readonly reading: ReadingService,
    private readonly drain: Drain,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Vectors of texts',
    description:
      'The final hidden states of each input, read through the adapter where the model is one, as one vector of length 1.',
  })
  @ApiOkResponse({ standardSchema: embeddingList })
  async create(
    @CallerProject() project: string,
    @Body({ schema: createEmbedding }) body: CreateEmbedding,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.drain.run(reply, async (signal) => {
      const submission = {
        ...{ project, endpoint: 'embedding' as const, model: body.model },
        prompts: promptList(body.input).map((prompt) =>
          typeof prompt === 'string'
            ? { kind: 'text' as const, text: prompt }
            : { kind: 'tokens' as const, tokens: prompt },
        ),
        wants: { kind: 'embedding' as const, pooling: body.pooling ?? 'last' },
        scheduling: body,
      };
      const answer = await this.reading.read(submission, signal);
      await reply.send(toEmbeddings(answer, body.encoding_format ?? 'float'));
    });
  }
}
