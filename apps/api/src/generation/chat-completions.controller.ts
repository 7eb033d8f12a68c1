import { Body, Controller, Get, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  CHAT_MAX_TOKENS,
  chatCompletion,
  createChatCompletion,
  type ChatMessageRequest,
  type CreateChatCompletion,
} from '@prad/contracts';
import type { GenerationRequest } from '@prad/queue';
import type { FastifyReply } from 'fastify';
import { CallerProject } from '../access/caller-project.js';
import { Drain } from '../http/drain.js';
import { ChatCompletionChunks, toChatCompletion } from './chat-completion.view.js';
import { GenerationService, streamOf } from './generation.service.js';
import { resumeAnswer, streamAnswer } from './stream-answer.js';

@ApiTags('generation')
@Controller('v1/chat/completions')
export class ChatCompletionsController {
  constructor(
    private readonly generation: GenerationService,
    private readonly drain: Drain,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: chatCompletion })
  async create(
    @CallerProject() project: string,
    @Body({ schema: createChatCompletion }) body: CreateChatCompletion,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const stream = streamOf(body);
    await this.drain.run(reply, async (signal) => {
      const started = await this.generation.start({
        project,
        endpoint: 'chat',
        model: body.model,
        input: { kind: 'messages', messages: body.messages.map(toMessage) },
        sampling: {
          ...body,
          maxTokens: body.max_completion_tokens ?? body.max_tokens,
          maxTokensField: 'max_completion_tokens',
          defaultMaxTokens: CHAT_MAX_TOKENS,
          topLogprobs: body.logprobs === true ? (body.top_logprobs ?? 0) : null,
        },
        stream,
      });
      if (stream === null) {
        await reply.send(toChatCompletion(started, await this.generation.finish(started, signal)));
        return;
      }
      await streamAnswer(reply, started, this.generation.follow(started, signal), {
        view: new ChatCompletionChunks(started),
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
    const place = { project, endpoint: 'chat', id, lastEventId } as const;
    await this.drain.run(reply, (signal) =>
      resumeAnswer(
        reply,
        this.generation,
        { ...place, signal },
        (started) => new ChatCompletionChunks(started),
      ),
    );
  }
}

type StoredMessage = Extract<GenerationRequest['input'], { kind: 'messages' }>['messages'][number];

/** `developer` is OpenAI's newer name of `system`; parts are joined, for templates know only text. */
export function toMessage({ role, content }: ChatMessageRequest): StoredMessage {
  return {
    role: role === 'developer' ? 'system' : role,
    content: typeof content === 'string' ? content : content.map(({ text }) => text).join(''),
  };
}
