import { hostname } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '@prad/database';
import { newId } from '@prad/domain';
import { HandlerHost, JobProducer, chooseQueueStore, type JobName, type RoleName } from '@prad/queue';
import { checkDevice } from '@prad/runtime';
import { LocalBlobStore } from '@prad/storage';
import { withLogContext } from '@prad/telemetry';
import { ComputeThreads } from './compute/compute-threads.js';
import type { WorkerEnv } from './env.js';
import { EvaluateHandler } from './evaluation/evaluate.handler.js';
import { GenerateHandler } from './generation/generate.handler.js';
import { storeObstacles } from './http/obstacles.js';
import { WorkerServer } from './http/worker-server.js';
import { ImportHandler } from './import/import.handler.js';
import { recordLayouts } from './import/record-layouts.js';
import { WorkerMetrics } from './metrics/worker-metrics.js';
import { OneJobWatch } from './one-job-watch.js';
import { QueueUpkeep } from './queue-upkeep.js';
import { SweepHandler } from './sweep/sweep.handler.js';
import { TrainAndEvaluateHandler } from './training/train-and-evaluate.handler.js';
import { TrainHandler } from './training/train.handler.js';
import type { WorkerLog } from './worker-log.js';
import { WorkerReport } from './worker-report.js';

/** How often leases are renewed, which is also how soon a cancel is heard. */
const TRAINING_HEARTBEAT_MS = 1_000;
const GENERATION_HEARTBEAT_MS = 250;
/** Evaluations that a worker follows at once: they mostly wait for the workers that generate. */
const EVALUATIONS = 4;
/** What jobs get to stop by themselves once the time to drain is over; then their threads are ended under them. */
const HAND_BACK_MS = 1_500;

interface Parts {
  readonly database: Database;
  readonly producer: JobProducer;
  readonly threads: ComputeThreads;
  readonly metrics: WorkerMetrics;
  readonly host: HandlerHost;
  readonly report: WorkerReport;
  readonly upkeep: QueueUpkeep;
}

/** A worker process: what it is made of, and the order in which the parts start and stop. */
export class Worker {
  #draining = false;
  #server: WorkerServer | undefined;

  private constructor(
    private readonly parts: Parts,
    private readonly roles: readonly RoleName[],
    private readonly env: WorkerEnv,
    private readonly log: WorkerLog,
  ) {}

  /** Takes jobs once it resolves. Throws where a role has no handler, or a device, a store or the port cannot be had. */
  static async start(env: WorkerEnv, log: WorkerLog): Promise<Worker> {
    const roles: readonly RoleName[] = env.WORKER_ROLES;
    await checkDevice(env.DEVICE);
    const database = await openDatabase({ url: env.DATABASE_URL, poolSize: env.DATABASE_POOL_SIZE });
    const parts = assemble(env, roles, database, log);
    const { host, threads, metrics, report, upkeep } = parts;
    metrics.watch({
      roles,
      activeOf: (role) => host.activeOf(role),
      silentMs: () => threads.silentMs(),
    });
    const worker = new Worker(parts, roles, env, log);
    await worker.#serve();
    if (roles.includes('import')) await recordLayouts(database.baseModels, blobsOf(env), log);
    await report.start();
    await host.start();
    upkeep.start();
    log.info({ worker: report.id, roles }, `worker ready: ${roles.join(', ')}`);
    return worker;
  }

  /** For a worker that does one job: resolves when that has ended, or when there is none for a few seconds. */
  oneEnded(): Promise<string> {
    const { host, producer } = this.parts;
    return new OneJobWatch(host, producer, this.roles, this.log).ended();
  }

  /** Takes no more jobs, lets those in work end or hands them back after the grace time, then lets go of everything. */
  async drain(): Promise<void> {
    this.#draining = true;
    const { host, threads, report, upkeep, producer, database, metrics } = this.parts;
    const insist = setTimeout(() => void threads.abandon(), this.env.DRAIN_MS + HAND_BACK_MS);
    await host.close(this.env.DRAIN_MS);
    clearTimeout(insist);
    await threads.close();
    await Promise.all([report.stop(), upkeep.stop()]);
    await this.#server?.close();
    metrics.generation.close();
    metrics.reading.close();
    await producer.close();
    await database.close();
  }

  async #serve(): Promise<void> {
    const { WORKER_PORT, WORKER_HOST, HANG_TIMEOUT_MS: hangTimeoutMs } = this.env;
    if (WORKER_PORT === 0) return;
    const { threads, metrics, database, producer } = this.parts;
    const state = {
      silentMs: () => threads.silentMs(),
      hangTimeoutMs,
      obstacles: async () =>
        this.#draining ? ['the worker is going down'] : storeObstacles(database, producer),
      metrics: metrics.all,
    };
    this.#server = await WorkerServer.listen(state, WORKER_PORT, WORKER_HOST);
  }
}

function assemble(env: WorkerEnv, roles: readonly RoleName[], database: Database, log: WorkerLog): Parts {
  const store = chooseQueueStore(env.REDIS_URL, env.DATABASE_URL, env.QUEUE_PREFIX);
  const producer = new JobProducer(store, (error) => {
    log.warn({ error: error.message }, 'queue connection');
  });
  const metrics = new WorkerMetrics(env.MAX_NUM_SEQS);
  const threads = new ComputeThreads(engineOf(env), log, (thread) => {
    metrics.countDeath(thread);
  });
  const host = new HandlerHost(
    {
      ...{
        store,
        roles: [...roles, ...besides(roles, env)],
        log,
        lockMs: env.WORKER_LEASE_MS,
        once: env.WORKER_ONCE,
      },
      concurrency: { train: 1, import: 1, generate: env.MAX_NUM_SEQS, evaluate: EVALUATIONS },
      logScope: (ids, work) => withLogContext({ ...ids }, work),
      onAttempt: (attempt) => {
        metrics.observeAttempt(attempt);
      },
    },
    handlersOf(env, { database, producer, threads, metrics }, log),
  );
  const report = new WorkerReport(database.workerNodes, nodeOf(env, roles), () => host.activeJobs, log);
  return {
    database,
    producer,
    threads,
    metrics,
    host,
    report,
    upkeep: new QueueUpkeep(database, producer, log),
  };
}

/** Ending a sweep is no one job of a worker that does one. */
function besides(roles: readonly RoleName[], { WORKER_ONCE }: WorkerEnv): readonly JobName[] {
  return roles.includes('train') && !WORKER_ONCE ? ['sweep'] : [];
}

function hardwareOf({ INTRA_OP_THREADS: intraOpThreads, DEVICE: device }: WorkerEnv) {
  return { intraOpThreads, device };
}

function engineOf(env: WorkerEnv) {
  return {
    maxNumSeqs: env.MAX_NUM_SEQS,
    maxModelLen: env.MAX_MODEL_LEN,
    maxNumBatchedTokens: env.MAX_NUM_BATCHED_TOKENS,
    cacheBytes: env.KV_CACHE_BYTES,
    prefixCacheBytes: env.PREFIX_CACHE_BYTES,
    adapterCacheBytes: env.ADAPTER_CACHE_BYTES,
    decodeWeights: env.DECODE_WEIGHTS,
    prefillWeights: env.PREFILL_WEIGHTS,
    ...hardwareOf(env),
  };
}

function handlersOf(
  env: WorkerEnv,
  { database, producer, threads, metrics }: Pick<Parts, 'database' | 'producer' | 'threads' | 'metrics'>,
  log: WorkerLog,
) {
  const blobs = blobsOf(env);
  const leaseMs = env.WORKER_LEASE_MS;
  // Several renewals must fit into a lease, so that one that fails does no harm.
  const timing = { leaseMs, heartbeatMs: Math.min(TRAINING_HEARTBEAT_MS, leaseMs / 4) };
  const quick = { leaseMs, heartbeatMs: Math.min(GENERATION_HEARTBEAT_MS, leaseMs / 4) };
  const { training } = metrics;
  const settings = {
    ...hardwareOf(env),
    stateEveryMs: env.TRAINING_STATE_MS,
    mostOfProject: env.MAX_TRAININGS_PER_PROJECT,
  };
  const trainer = new TrainHandler(database, blobs, threads.training, timing, settings, training);
  return [
    new TrainAndEvaluateHandler(trainer, database.fineTuningJobs, producer),
    new GenerateHandler(database, blobs, threads.generation, quick),
    new EvaluateHandler(database, blobs, producer, timing),
    new ImportHandler(database, blobs, threads.import, timing, log),
    new SweepHandler(database.sweeps),
  ];
}

function blobsOf(env: WorkerEnv): LocalBlobStore {
  return new LocalBlobStore(join(env.PRAD_DATA_DIR, 'blobs'));
}

function nodeOf(env: WorkerEnv, roles: readonly RoleName[]) {
  const id = newId('worker');
  const slots = env.MAX_NUM_SEQS;
  return { id, roles, device: env.DEVICE, host: hostname(), pid: process.pid, slots };
}
