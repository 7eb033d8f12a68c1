import {
  FlowProducer,
  Queue,
  QueueEvents,
  Worker,
  createPostgresBackend,
  createRedisBackend,
  type BackendFactory,
  type ConnectionOptions,
  type IQueueBackend,
  type JobProgress,
  type Processor,
  type WorkerOptions,
} from 'bullmq';
import { withoutGaps } from './without-gaps.js';

const DEFAULT_NAMESPACE = 'bullmq';

/** Where jobs are kept: the one switch between Redis and Postgres. */
export interface QueueStore {
  /** `redis://`, `rediss://`, `postgres://` or `postgresql://`. */
  readonly url: string;
  /** Redis key prefix or Postgres schema; `bullmq` by default. */
  readonly namespace?: string;
}

/** `REDIS_URL` where it is set, else the database that holds the rows. */
export function chooseQueueStore(
  redisUrl: string | undefined,
  databaseUrl: string,
  namespace = DEFAULT_NAMESPACE,
): QueueStore {
  return { url: redisUrl ?? databaseUrl, namespace };
}

export function isPostgresStore(store: QueueStore): boolean {
  return /^postgres(ql)?:\/\//.test(store.url);
}

interface Binding {
  readonly connection: ConnectionOptions;
  readonly prefix: string;
  readonly factory: BackendFactory;
}

/** BullMQ's types name Redis where both backends fit, hence the two assertions. */
function bind(store: QueueStore, poolSize: number): Binding {
  const prefix = store.namespace ?? DEFAULT_NAMESPACE;
  if (!isPostgresStore(store)) {
    return {
      connection: { url: store.url, maxRetriesPerRequest: null },
      prefix,
      factory: createRedisBackend,
    };
  }
  const connection = { connectionString: store.url, schema: prefix, migrate: true, max: poolSize };
  return {
    connection: connection,
    prefix,
    factory: createPostgresBackend as BackendFactory,
  };
}

/** BullMQ's classes over either backend. */
export type StoreQueue = Queue<unknown, void, string, unknown, void, string, IQueueBackend>;
export type StoreEvents = QueueEvents<void, IQueueBackend>;
export type StoreWorker = Worker<unknown, void, string, IQueueBackend>;

export function openQueue(store: QueueStore, name: string): StoreQueue {
  const { connection, prefix, factory } = bind(store, 3);
  return new Queue<unknown, void, string, unknown, void, string, IQueueBackend>(
    name,
    { connection, prefix },
    factory,
  );
}

export type StoreFlows = FlowProducer<IQueueBackend>;

export function openFlows(store: QueueStore): StoreFlows {
  const { connection, prefix, factory } = bind(store, 1);
  return new FlowProducer<IQueueBackend>({ connection, prefix }, factory);
}

export function openQueueEvents(store: QueueStore, name: string): StoreEvents {
  const { connection, prefix, factory } = bind(store, 1);
  const gapless: BackendFactory = (...of) => {
    const backend = factory(...of);
    return Object.assign(backend, { readEvents: withoutGaps(backend.readEvents.bind(backend)) });
  };
  return new QueueEvents<void, IQueueBackend>(
    name,
    { connection, prefix },
    isPostgresStore(store) ? gapless : factory,
  );
}

export function openWorker(
  store: QueueStore,
  name: string,
  processor: Processor<unknown, void>,
  options: Omit<WorkerOptions, 'connection' | 'prefix'>,
): StoreWorker {
  const { connection, prefix, factory } = bind(store, 4);
  return new Worker<unknown, void, string, IQueueBackend, JobProgress>(
    name,
    processor,
    { ...options, connection, prefix },
    factory,
  );
}
