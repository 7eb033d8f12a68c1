import { hostname } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '@prad/database';
import { newId } from '@prad/domain';
import { AppError } from '@prad/errors';
import { HandlerHost, JobProducer, chooseQueueStore, type JobName } from '@prad/queue';
import { LocalBlobStore } from '@prad/storage';
import { ComputeThreads } from './compute/compute-threads.js';
import type { WorkerEnv } from './env.js';
import { GenerateHandler } from './generation/generate.handler.js';
import { ImportHandler } from './import/import.handler.js';
import { Requeue } from './training/requeue.js';
import { TrainHandler } from './training/train.handler.js';
import type { WorkerLog } from './worker-log.js';
import { WorkerReport } from './worker-report.js';

/** How often leases are renewed, which is also how soon a cancel is heard. */
const TRAINING_HEARTBEAT_MS = 1_000;
const GENERATION_HEARTBEAT_MS = 250;

/** A worker process: what it is made of, and the order in which the parts start and stop. */
export class Worker {
  private constructor(
    private readonly database: Database,
    private readonly producer: JobProducer,
    private readonly threads: ComputeThreads,
    private readonly host: HandlerHost,
    private readonly periodic: readonly { stop(): Promise<void> }[],
    private readonly graceMs: number,
  ) {}

  /** Takes jobs once it resolves. Throws where a role has no handler, or a store cannot be reached. */
  static async start(env: WorkerEnv, log: WorkerLog): Promise<Worker> {
    const roles = rolesOf(env);
    const database = await openDatabase({ url: env.DATABASE_URL, poolSize: env.DATABASE_POOL_SIZE });
    const store = chooseQueueStore(env.REDIS_URL, env.DATABASE_URL, env.QUEUE_PREFIX);
    const producer = new JobProducer(store, (error) => {
      log.warn({ error: error.message }, 'queue connection');
    });
    const threads = new ComputeThreads(engineOf(env), log);
    const host = new HandlerHost(
      {
        ...{ store, roles, log, lockMs: env.WORKER_LEASE_MS },
        concurrency: { train: 1, import: 1, generate: env.MAX_NUM_SEQS },
      },
      handlersOf(env, database, threads, log),
    );
    const node = nodeOf(env, roles);
    const report = new WorkerReport(database.workerNodes, node, () => host.activeJobs, log);
    const requeue = new Requeue(database.fineTuningJobs, producer, log);
    await report.start();
    await host.start();
    requeue.start();
    log.info({ worker: node.id, roles }, `worker ready: ${roles.join(', ')}`);
    return new Worker(database, producer, threads, host, [report, requeue], env.DRAIN_MS);
  }

  /** Takes no more jobs, lets those in work end or hands them back after the grace time, then lets go of everything. */
  async drain(): Promise<void> {
    await this.host.close(this.graceMs);
    await this.threads.close();
    await Promise.all(this.periodic.map((part) => part.stop()));
    await this.producer.close();
    await this.database.close();
  }
}

function rolesOf({ WORKER_ROLES }: WorkerEnv): readonly JobName[] {
  return WORKER_ROLES.map((role) => {
    if (role !== 'evaluate') return role;
    throw new AppError({
      kind: 'invalid',
      code: 'unknown_role',
      message: 'WORKER_ROLES: no handler does evaluate yet; known are train, generate, import',
    });
  });
}

function engineOf(env: WorkerEnv) {
  return {
    maxNumSeqs: env.MAX_NUM_SEQS,
    maxModelLen: env.MAX_MODEL_LEN,
    maxNumBatchedTokens: env.MAX_NUM_BATCHED_TOKENS,
    intraOpThreads: env.INTRA_OP_THREADS,
  };
}

function handlersOf(env: WorkerEnv, database: Database, threads: ComputeThreads, log: WorkerLog) {
  const blobs = new LocalBlobStore(join(env.PRAD_DATA_DIR, 'blobs'));
  const leaseMs = env.WORKER_LEASE_MS;
  // Several renewals must fit into a lease, so that one that fails does no harm.
  const timing = { leaseMs, heartbeatMs: Math.min(TRAINING_HEARTBEAT_MS, leaseMs / 4) };
  const quick = { leaseMs, heartbeatMs: Math.min(GENERATION_HEARTBEAT_MS, leaseMs / 4) };
  return [
    new TrainHandler(database, blobs, threads.training, timing, env.INTRA_OP_THREADS),
    new GenerateHandler(database, blobs, threads.generation, quick),
    new ImportHandler(database, blobs, threads.import, timing, log),
  ];
}

function nodeOf(env: WorkerEnv, roles: readonly JobName[]) {
  const id = newId('worker');
  const slots = env.MAX_NUM_SEQS;
  return { id, roles, device: env.DEVICE, host: hostname(), pid: process.pid, slots };
}
