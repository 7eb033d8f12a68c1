import { setTimeout as sleep } from 'node:timers/promises';
import type { InferenceJobRepository } from '@prad/database';
import type { EvaluatedModel, Evaluation, InferenceJob } from '@prad/domain';
import { AppError } from '@prad/errors';
import {
  generationResult,
  type GenerationRequest,
  type GenerationResult,
  type JobProducer,
} from '@prad/queue';
import type { Shard } from './samples.js';

/** Requests of one evaluation that wait or run at once, so that others' requests get their turn too. */
const AT_ONCE = 16;
const LOOK_MS = 150;
/** After requests that somebody waits for, which have 0. */
const PRIORITY = 100;

/** One shard for one model, which the generating workers answer. */
interface Request {
  readonly id: string;
  readonly model: EvaluatedModel;
  readonly shard: Shard;
}

export interface Asking {
  readonly jobs: InferenceJobRepository;
  readonly producer: JobProducer;
  readonly sampling: GenerationRequest['sampling'];
  readonly signal: AbortSignal;
  /** Hears how many samples are answered, and which requests are with the workers. */
  readonly onProgress: (done: number, open: readonly string[]) => Promise<void>;
}

/**
 * Asks every model for every shard: any worker that generates takes a request up. Requests have ids of their place, so an
 * evaluation that is taken up again finds those that were answered before.
 * @returns the answers of each model, in the order of the shards' samples.
 */
export async function askModels(
  { id, project, models }: Evaluation,
  shards: readonly Shard[],
  asking: Asking,
): Promise<readonly GenerationResult['choices'][]> {
  const requests = models.map((model, m) =>
    shards.map((shard, s): Request => ({ id: `${id}-${m}-${s}`, model, shard })),
  );
  const waiting = requests.flat();
  const open = new Map<string, Request>();
  const answers = new Map<string, GenerationResult['choices']>();
  let done = 0;
  while (waiting.length > 0 || open.size > 0) {
    for (const request of waiting.splice(0, AT_ONCE - open.size)) {
      await submit(project, request, asking);
      open.set(request.id, request);
    }
    for (const job of await asking.jobs.findAll([...open.keys()])) {
      const request = open.get(job.id);
      const choices = request && choicesOf(job, request);
      if (!choices) continue;
      answers.set(job.id, choices);
      open.delete(job.id);
      done += request.shard.samples.length;
    }
    await asking.onProgress(done, [...open.keys()]);
    if (open.size > 0) await sleep(LOOK_MS, undefined, { signal: asking.signal });
  }
  return requests.map((row) => row.flatMap((request) => answers.get(request.id) ?? []));
}

async function submit(project: string, { id, model, shard }: Request, asking: Asking): Promise<void> {
  const { jobs, producer, sampling } = asking;
  if (await jobs.find(id)) return;
  const { baseModel, adapter, adapterVersion } = model;
  const order = { priority: PRIORITY };
  const request: GenerationRequest = {
    input: shard.input,
    sampling,
    ...order,
    timeoutMs: null,
    stream: false,
  };
  const endpoint = shard.input.kind === 'prompts' ? 'completion' : 'chat';
  await jobs.create({ id, project, endpoint, baseModel, adapter, adapterVersion, request });
  await producer.add('generate', { inferenceJobId: id }, order);
}

/** Undefined while the request is not answered. */
function choicesOf(job: InferenceJob, { model, shard }: Request): GenerationResult['choices'] | undefined {
  if (job.status === 'succeeded') return generationResult.parse(job.result).choices;
  if (job.status !== 'failed' && job.status !== 'cancelled') return undefined;
  const lines = [shard.samples[0]?.line ?? 0, shard.samples.at(-1)?.line ?? 0];
  const reason = job.status === 'failed' ? job.error.message : 'the request was cancelled';
  throw new AppError({
    kind: 'invalid',
    code: job.status === 'failed' ? job.error.code : 'request_cancelled',
    message: `${model.name} did not answer the samples of lines ${lines.join(' to ')}: ${reason}`,
    details: { lines },
  });
}
