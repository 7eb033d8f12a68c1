import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { createScore, scoreList, type CreateScore } from '@prad/contracts';
import type { ReadingRequest } from '@prad/queue';
import type { FastifyReply } from 'fastify';
import { CallerProject } from '../access/caller-project.js';
import { Drain } from '../http/drain.js';
import { toMessage } from './chat-completions.controller.js';
import { ReadingService } from './reading.service.js';
import { toScores } from './score.view.js';

@ApiTags('generation')
@Controller('v1/score')
export class ScoreController {
  constructor(
    private readonly reading: ReadingService,
    private readonly drain: Drain,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'How likely given answers are',
    description:
      'The probability of each choice behind each prompt, and among the choices: classification without a word of text generated. ' +
      'A prompt is read once, through the adapter where the model is one; the choices follow on the base model over the adapted ' +
      'cache, as generated text would (through the adapter too, where its scope is `all`). Full-precision weights are used throughout.',
  })
  @ApiOkResponse({ standardSchema: scoreList })
  async create(
    @CallerProject() project: string,
    @Body({ schema: createScore }) body: CreateScore,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.drain.run(reply, async (signal) => {
      const choices = choicesOf(body.choices);
      const submission = {
        ...{ project, endpoint: 'score' as const, model: body.model },
        prompts: promptsOf(body),
        wants: { kind: 'score' as const, choices, endToken: body.end_token ?? true },
        scheduling: body,
      };
      await reply.send(toScores(await this.reading.read(submission, signal), choices));
    });
  }
}

function promptsOf({ prompt, messages }: CreateScore): ReadingRequest['prompts'] {
  if (messages) return [{ kind: 'messages', messages: messages.map(toMessage) }];
  const texts = typeof prompt === 'string' ? [prompt] : (prompt ?? []);
  return texts.map((text) => ({ kind: 'text', text }));
}

/** One list for all prompts, or one for each. */
function choicesOf(choices: CreateScore['choices']): string[][] {
  const shared = choices.filter((choice) => typeof choice === 'string');
  return shared.length > 0 ? [shared] : choices.filter((choice) => typeof choice !== 'string');
}
