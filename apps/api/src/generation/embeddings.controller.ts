import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { createEmbedding, embeddingList, type CreateEmbedding } from '@prad/contracts';
import type { ReadingRequest } from '@prad/queue';
import type { FastifyReply } from 'fastify';
import { CallerProject } from '../access/caller-project.js';
import { Drain } from '../http/drain.js';
import { toEmbeddings } from './embedding.view.js';
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
        prompts: promptsOf(body.input),
        wants: { kind: 'embedding' as const, pooling: body.pooling ?? 'last' },
        scheduling: body,
      };
      const answer = await this.reading.read(submission, signal);
      await reply.send(toEmbeddings(answer, body.encoding_format ?? 'float'));
    });
  }
}

type Prompts = ReadingRequest['prompts'];

function promptsOf(input: CreateEmbedding['input']): Prompts {
  if (typeof input === 'string') return [{ kind: 'text', text: input }];
  const ids = input.filter((item) => typeof item === 'number');
  if (ids.length > 0) return [{ kind: 'tokens', tokens: ids }];
  return input.flatMap((item): Prompts => {
    if (typeof item === 'number') return [];
    return [typeof item === 'string' ? { kind: 'text', text: item } : { kind: 'tokens', tokens: item }];
  });
}
