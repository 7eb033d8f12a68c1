import { Body, Controller, Get, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { COMPLETION_MAX_TOKENS, completion, createCompletion, type CreateCompletion } from '@prad/contracts';
import type { FastifyReply } from 'fastify';
import { CallerProject } from '../access/caller-project.js';
import { Drain } from '../http/drain.js';
import { CompletionChunks, toCompletion } from './completion.view.js';
import { GenerationService, streamOf } from './generation.service.js';
import { promptList } from './prompt-list.js';
import { resumeAnswer, streamAnswer } from './stream-answer.js';

@ApiTags('generation')
@Controller('v1/completions')
export class CompletionsController {
  constructor(
    private readonly generation: GenerationService,
    private readonly drain: Drain,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: completion })
  async create(
    @CallerProject() project: string,
    @Body({ schema: createCompletion }) body: CreateCompletion,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const stream = streamOf(body);
    const prompts = promptList(body.prompt).map((prompt) =>
      typeof prompt === 'string' ? prompt : { tokens: prompt },
    );
    await this.drain.run(reply, async (signal) => {
      const started = await this.generation.start({
        project,
        endpoint: 'completion',
        model: body.model,
        input: {
          kind: 'prompts',
          candidates: null,
          prompts,
        },
        sampling: {
          ...body,
          maxTokens: body.max_tokens,
          maxTokensField: 'max_tokens',
          defaultMaxTokens: COMPLETION_MAX_TOKENS,
          topLogprobs: body.logprobs,
        },
        stream,
      });
      if (stream === null) {
        const answer = await this.generation.finish(started, signal);
        const promptLogprobs = typeof body.prompt_logprobs === 'number';
        await reply.send(toCompletion(started, answer, { echo: body.echo === true, promptLogprobs }));
        return;
      }
      await streamAnswer(reply, started, this.generation.follow(started, signal), {
        view: new CompletionChunks(started),
        includeUsage: stream.includeUsage,
      });
    });
  }

  /** Goes on with a stream that broke off. */
  @Get(':id/events')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Id of the last event seen.' })
  async resume(
    @CallerProject() project: string,
    @Param('id') id: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const place = { project, endpoint: 'completion', id, lastEventId } as const;
    await this.drain.run(reply, (signal) =>
      resumeAnswer(reply, this.generation, { ...place, signal }, (started) => new CompletionChunks(started)),
    );
  }
}
