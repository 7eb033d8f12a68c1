import { setTimeout as sleep } from 'node:timers/promises';
import type { InferenceJobRepository } from '@prad/database';
import type { EvaluatedModel, Evaluation, InferenceJob } from '@prad/domain';
import { AppError } from '@prad/errors';
import {
  generationResult,
  slotsOf,
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

/** Requests that are looked for at once. */
const LOOKED_FOR = 500;

/** One shard for one model, which the generating workers answer. */
interface Request {
  readonly id: string;
  /** Of the model that is asked. */
  readonly progress: ModelProgress;
  readonly shard: Shard;
  /** Of the shard. */
  readonly index: number;
}

type Choices = GenerationResult['choices'];

/** How far one model is. */
export interface ModelProgress {
  readonly model: EvaluatedModel;
  /** Shards that are with the workers or answered. */
  asked: number;
  shardsDone: number;
  /** Samples of the shards that are answered. */
  done: number;
  /** Of them, those that an earlier attempt left. */
  found: number;
  /** When its first request of this attempt went out, by `performance.now()`. */
  since: number | null;
  /** Of each shard; undefined for those that are not answered. */
  readonly answers: (Choices | undefined)[];
}

export interface Asking {
  readonly jobs: InferenceJobRepository;
  readonly producer: JobProducer;
  readonly sampling: GenerationRequest['sampling'];
  readonly signal: AbortSignal;
  /** Hears again and again how far each model is, and which requests are with the workers. */
  readonly onProgress: (models: readonly ModelProgress[], open: readonly string[]) => Promise<void>;
}

/**
 * Asks every model for every shard: any worker that generates takes a request up. Requests have ids of their place, so an
 * evaluation that is taken up again finds those that were answered before.
 */
export async function askModels(
  { id, project, models, progress: before }: Evaluation,
  shards: readonly Shard[],
  asking: Asking,
): Promise<void> {
  const progress = models.map((model): ModelProgress => ({
    ...{ model, asked: 0, shardsDone: 0, done: 0, found: 0, since: null },
    answers: shards.map(() => undefined),
  }));
  const requests = progress.flatMap((ofModel, place) =>
    shards.map((shard, index): Request => ({
      id: `${id}-${place}-${index}`,
      progress: ofModel,
      shard,
      index,
    })),
  );
  // What was answered before counts from the start, so that progress never falls.
  const known = before === null ? new Set<string>() : await takeAnswers(requests, asking.jobs);
  const waiting = requests.filter((request) => !known.has(request.id));
  for (const ofModel of progress) {
    ofModel.asked = ofModel.shardsDone;
    ofModel.found = ofModel.done;
  }
  const open = new Map<string, Request>();
  do {
    for (const request of waiting.splice(0, AT_ONCE - open.size)) {
      await submit(project, request, asking);
      open.set(request.id, request);
      request.progress.asked += 1;
      request.progress.since ??= performance.now();
    }
    for (const done of await takeAnswers([...open.values()], asking.jobs)) open.delete(done);
    await asking.onProgress(progress, [...open.keys()]);
    if (open.size > 0) await sleep(LOOK_MS, undefined, { signal: asking.signal });
  } while (waiting.length > 0 || open.size > 0);
}

/** Notes the answers of those requests that have some, and returns their ids. */
async function takeAnswers(
  requests: readonly Request[],
  jobs: InferenceJobRepository,
): Promise<ReadonlySet<string>> {
  const byId = new Map(requests.map((request) => [request.id, request]));
  const taken = new Set<string>();
  for (let from = 0; from < requests.length; from += LOOKED_FOR) {
    const ids = requests.slice(from, from + LOOKED_FOR).map((request) => request.id);
    for (const job of await jobs.findAll(ids)) {
      const request = byId.get(job.id);
      const choices = request && choicesOf(job, request);
      if (!choices) continue;
      const { progress, index, shard } = request;
      progress.answers[index] = choices;
      progress.shardsDone += 1;
      progress.done += shard.samples.length;
      taken.add(job.id);
    }
  }
  return taken;
}

async function submit(project: string, { id, progress, shard }: Request, asking: Asking): Promise<void> {
  const { jobs, producer, sampling } = asking;
  if (await jobs.find(id)) return;
  const { baseModel, adapter, adapterVersion } = progress.model;
  const model = { baseModel, adapter, adapterVersion };
  const request: GenerationRequest = {
    input: shard.input,
    sampling,
    priority: PRIORITY,
    timeoutMs: null,
    stream: false,
    streamed: null,
  };
  const endpoint = shard.input.kind === 'prompts' ? 'completion' : 'chat';
  const order = { priority: PRIORITY, turns: slotsOf(request) };
  const { place } = await jobs.create({ id, project, endpoint, ...model, request, ...order });
  await producer.add('generate', { inferenceJobId: id }, place);
}

/** Undefined while the request is not answered. */
function choicesOf(job: InferenceJob, { progress, shard }: Request): Choices | undefined {
  if (job.status === 'succeeded') return generationResult.parse(job.result).choices;
  if (job.status !== 'failed' && job.status !== 'cancelled') return undefined;
  const lines = [shard.samples[0]?.line ?? 0, shard.samples.at(-1)?.line ?? 0];
  const reason = job.status === 'failed' ? job.error.message : 'the request was cancelled';
  throw new AppError({
    kind: 'invalid',
    code: job.status === 'failed' ? job.error.code : 'request_cancelled',
    message: `${progress.model.name} did not answer the samples of lines ${lines.join(' to ')}: ${reason}`,
    details: { lines },
  });
}
