import { tensor, zeros, type HostTensor } from '@prad/tensor';
import { performance } from 'node:perf_hooks';
import { Session, type Tensors } from './session.js';

export interface MeasureOptions {
  readonly intraOpThreads?: number;
  /** How long to measure; 1 s by default. */
  readonly forMs?: number;
  /**
   * `fastest` (default): the limit, what the machine can do when nothing disturbs it. `median`: what it does now, to
   * hold medians of other work against on a machine that others use too.
   */
  readonly statistic?: 'fastest' | 'median';
}

/** y [M, N] = a [M, K] b [K, N]; made by the graph lib in test/numerics/measure.spec.ts. */
const matMulModel =
  'CAoSBHByYWQ6aAoaCgFhCgFiEgF5GgcvTWF0TXVsIgZNYXRNdWwSBWdyYXBoWhUKAWESEAoOCAESCgoDEgFNCgMSAUtaFQoBYhIQCg4IARIKCgMSAUsKAxIBTmIVCgF5EhAKDggBEgoKAxIBTQoDEgFOQgIQFUIRCg1jb20ubWljcm9zb2Z0EAE=';

/** y [M, N] = a [M, K] b' for b [N, K]. */
const gemmModel =
  'CAoSBHByYWQ6gAEKMgoBYQoBYhIBeRoFL0dlbW0iBEdlbW0qCwoGdHJhbnNBoAECKg0KBnRyYW5zQhgBoAECEgVncmFwaFoVCgFhEhAKDggBEgoKAxIBTQoDEgFLWhUKAWISEAoOCAESCgoDEgFOCgMSAUtiFQoBeRIQCg4IARIKCgMSAU0KAxIBTkICEBVCEQoNY29tLm1pY3Jvc29mdBAB';

/** Sides of a square product whose operands stay in the cache of a core or two. */
const square = 1024;
/** Rows and columns of a weight of 256 MiB, far more than any cache holds. */
const large = 8192;

/** What this machine's own matrix product reaches on float32, in floating-point operations a second. */
export async function measureMatMulRate(options: MeasureOptions = {}): Promise<number> {
  const feeds = { a: ones([square, square]), b: ones([square, square]) };
  return (2 * square ** 3) / (await secondsOf(matMulModel, feeds, options));
}

/**
 * How fast weights stream through a matrix-vector product on float32, in bytes a second: the limit of decoding one
 * token at a time.
 */
export async function measureStreamRate(options: MeasureOptions = {}): Promise<number> {
  const feeds = { a: ones([1, large]), b: ones([large, large]) };
  return (4 * large ** 2) / (await secondsOf(gemmModel, feeds, options));
}

/** Seconds of one run. */
async function secondsOf(
  model: string,
  feeds: Tensors,
  { intraOpThreads, forMs = 1000, statistic = 'fastest' }: MeasureOptions,
): Promise<number> {
  const session = await Session.open(Buffer.from(model, 'base64'), {
    ...(intraOpThreads !== undefined && { intraOpThreads }),
  });
  const end = performance.now() + forMs;
  const times: number[] = [];
  do {
    const start = performance.now();
    await session.run(feeds);
    times.push((performance.now() - start) / 1000);
  } while (performance.now() < end);
  await session.close();
  times.sort((a, b) => a - b);
  return times[statistic === 'fastest' ? 0 : times.length >> 1] ?? Number.NaN;
}

function ones(shape: readonly number[]): HostTensor {
  return tensor('float32', shape, zeros('float32', shape).data.fill(1));
}
