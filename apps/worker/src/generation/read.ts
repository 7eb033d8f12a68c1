import type { InferenceJob, InferenceOutcome } from '@prad/domain';
import { readingRequest, type ReadingRequest, type ReadingResult } from '@prad/queue';
import type { ComputeThread } from '@prad/runtime';
import type { GenerateParams } from '../compute/generation-messages.js';
import type { GenerationHandlers } from '../compute/generation-thread.js';
import type { ReadEvent, ReadParams } from '../compute/reading-messages.js';

/** Reads the prompts of a request that wants no text, on the compute thread. */
export async function read(
  thread: ComputeThread<GenerationHandlers>,
  job: InferenceJob,
  model: Pick<GenerateParams, 'base' | 'adapter'>,
  signal: AbortSignal,
): Promise<InferenceOutcome> {
  const request = readingRequest.parse(job.request);
  const events: ReadEvent[] = [];
  for await (const event of thread.stream('read', paramsOf(job, request, model), signal)) events.push(event);
  const most = (of: (event: ReadEvent) => number) => Math.max(...events.map(of));
  const sum = (of: (event: ReadEvent) => number) => events.reduce((total, event) => total + of(event), 0);
  const scores = request.wants.kind === 'score';
  return {
    result: resultOf(events, {
      maxRows: most(({ facts }) => facts.maxRows),
      maxAdapters: most(({ facts }) => facts.maxAdapters),
    }),
    usage: {
      promptTokens: sum(({ facts }) => facts.promptTokens),
      cachedTokens: 0,
      completionTokens: sum(({ facts }) => facts.answerTokens),
    },
    timings: {
      queueMs: job.startedAt === null ? null : job.startedAt.getTime() - job.createdAt.getTime(),
      prefillMs: most(({ facts }) => facts.prefillMs),
      decodeMs: scores ? most(({ facts }) => facts.scoreMs) : null,
    },
  };
}

function paramsOf(
  { project, createdAt }: InferenceJob,
  { timeoutMs, ...request }: ReadingRequest,
  model: Pick<GenerateParams, 'base' | 'adapter'>,
): ReadParams {
  const deadline = timeoutMs === null ? undefined : createdAt.getTime() + timeoutMs;
  return { ...model, ...request, share: project, deadline };
}

function resultOf(events: readonly ReadEvent[], batch: ReadingResult['batch']): ReadingResult {
  const vectors = events.flatMap((event) => (event.kind === 'embedding' ? [base64(event.vector)] : []));
  if (vectors.length > 0) return { kind: 'embedding', vectors, batch };
  const scores = events.flatMap((event) =>
    event.kind === 'score' ? [event.choices.map((choice) => ({ ...choice }))] : [],
  );
  return { kind: 'score', scores, batch };
}

/** float32, little-endian as every machine that this runs on. */
function base64({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}
