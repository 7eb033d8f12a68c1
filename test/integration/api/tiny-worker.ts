import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@prad/database';
import { newAdapterName, newId, type FineTuningJob } from '@prad/domain';
import { AppError } from '@prad/errors';
import { generationRequest, type JobContext, type JobHandler, type JobPayload } from '@prad/queue';

const LEASE_MS = 10_000;

/**
 * Stands for a worker in tests of the API: it answers with words made of the prompt, one token each; token ids read `5-6`. A prompt may ask
 * for trouble (where it may choose among candidates it takes the first): `slow` takes 100 ms a token, `refuse` fails as a prompt that is
 * too long, `unheard` does so and the queue tells of it long after the row, `late` fails after two tokens,
 * `silent` streams nothing, `crash` throws a foreign error.
 */
export class TinyGenerator implements JobHandler<'generate'> {
  readonly job = 'generate';
  readonly cancelled: string[] = [];

  constructor(private readonly database: Database) {}

  async handle(
    { inferenceJobId: id }: JobPayload<'generate'>,
    context: JobContext<'generate'>,
  ): Promise<void> {
    const { inferenceJobs } = this.database;
    const owner = newId('lease');
    const claimed = await inferenceJobs.claim(id, owner, LEASE_MS);
    if (claimed === undefined) return;
    const { input, sampling, stream } = generationRequest.parse(claimed.request);
    const asked = input.kind === 'prompts' ? input.prompts : [input.messages.at(-1)?.content ?? ''];
    const prompts = asked.map((prompt) => {
      if (typeof prompt === 'string') return prompt;
      return Array.isArray(prompt) ? prompt.map(({ text }) => text).join('') : prompt.tokens.join('-');
    });
    const candidate = input.kind === 'prompts' ? input.candidates?.[0] : undefined;
    if (prompts.includes('refuse') || prompts.includes('unheard')) {
      throw new AppError({
        kind: 'invalid',
        code: 'context_length_exceeded',
        message: 'the prompt has 9 tokens, the context holds 8',
        details: { param: 'prompt' },
      });
    }
    if (prompts.includes('crash')) throw new TypeError('x is not a function');
    const texts = prompts.map(() => '');
    const echoed = (prompt: string, step: number) => (sampling.echo && step === 0 ? prompt : '');
    for (let step = 0; step < sampling.maxTokens; step += 1) {
      if (prompts.includes('late') && step === 2) {
        throw new AppError({ kind: 'bug', code: 'engine_failed', message: 'the engine failed' });
      }
      for (const [choice, prompt] of prompts.entries()) {
        const text = `${echoed(prompt, step)} ${prompt}${step}`;
        texts[choice] = `${texts[choice] ?? ''}${text}`;
        if (stream && prompt !== 'silent') context.stream({ choice, text, finishReason: null });
      }
      if (prompts.includes('slow')) await sleep(100);
      const heartbeats = await inferenceJobs.heartbeats([{ id, owner }], LEASE_MS);
      if (heartbeats.get(owner)?.cancelRequested === true) {
        await inferenceJobs.cancel(id, owner);
        this.cancelled.push(id);
        return;
      }
    }
    await inferenceJobs.succeed(id, owner, {
      result: {
        choices: texts.map((text) => ({ text: candidate ?? text, finishReason: 'length' })),
        batch: { maxRows: prompts.length, maxAdapters: claimed.adapter === null ? 0 : 1 },
      },
      usage: { promptTokens: prompts.length, completionTokens: prompts.length * sampling.maxTokens },
      timings: { queueMs: 1, prefillMs: 2, decodeMs: 3 },
    });
  }

  async giveUp({ inferenceJobId: id }: JobPayload<'generate'>, error: AppError): Promise<void> {
    const owner = newId('lease');
    const { kind, code, message, details } = error;
    const held = await this.database.inferenceJobs.get(id);
    const holder = held.status === 'running' ? held.lease.owner : owner;
    if (holder === owner) await this.database.inferenceJobs.claim(id, owner, LEASE_MS);
    await this.database.inferenceJobs.fail(id, holder, {
      ...{ code, message, param: typeof details['param'] === 'string' ? details['param'] : null },
      ...(kind === 'invalid' && { invalid: true }),
    });
    if (JSON.stringify(held.request).includes('unheard')) await sleep(3000);
  }
}

/** Trains nothing in three steps of 150 ms and leaves events, a checkpoint and an adapter. */
export class TinyTrainer implements JobHandler<'train'> {
  readonly job = 'train';

  constructor(private readonly database: Database) {}

  async handle({ fineTuningJobId: id }: JobPayload<'train'>): Promise<void> {
    const { fineTuningJobs, jobEvents } = this.database;
    const owner = newId('lease');
    const job = await fineTuningJobs.claim(id, owner, LEASE_MS);
    if (job === undefined) return;
    for (let step = 1; step <= 3; step += 1) {
      await sleep(150);
      const heartbeat = await fineTuningJobs.heartbeat(id, owner, LEASE_MS, { step, total: 3 });
      if (heartbeat.cancelRequested) {
        await jobEvents.append(id, { level: 'info', message: 'Cancelled' }, owner);
        await fineTuningJobs.cancel(id, owner);
        return;
      }
      const metrics = { step, train_loss: 1 / step };
      await jobEvents.append(
        id,
        { level: 'info', type: 'metrics', message: `Step ${step}/3`, data: metrics },
        owner,
      );
    }
    await this.finish(job, owner);
  }

  giveUp(): Promise<void> {
    return Promise.resolve();
  }

  private async finish(job: FineTuningJob, owner: string): Promise<void> {
    const blob = { digest: 'd'.repeat(64), blobKey: `checkpoints/${job.id}`, bytes: 10 };
    await this.database.checkpoints.add(owner, {
      jobId: job.id,
      step: 3,
      trainLoss: 0.3,
      validLoss: null,
      ...blob,
    });
    const base = await this.database.baseModels.getReady(job.model);
    const { adapter: method, scope, options } = job.method;
    const adapter = {
      ...{ id: newAdapterName(job.model, job.suffix), baseModel: base.id, baseDigest: base.digest },
      ...{ method, scope, options, parameterCount: 123, task: null },
    };
    await this.database.jobEvents.append(job.id, { level: 'info', message: 'Succeeded' }, owner);
    await this.database.fineTuningJobs.succeed(job.id, owner, { adapter, version: blob, trainedTokens: 42 });
  }
}
