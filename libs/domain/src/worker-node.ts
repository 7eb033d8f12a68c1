export const workerRoles = ['train', 'generate', 'evaluate', 'import'] as const;
export type WorkerRole = (typeof workerRoles)[number];

/** A worker process as it last reported itself. */
export interface WorkerNode {
  readonly id: string;
  readonly roles: readonly WorkerRole[];
  /** For example `cpu` or `cuda:0`. */
  readonly device: string;
  readonly host: string;
  readonly pid: number;
  /** Requests that it generates for at once. */
  readonly slots: number;
  /** Ids of jobs in work. */
  readonly currentWork: readonly string[];
  /** Resident memory in bytes. */
  readonly memoryBytes: number;
  readonly startedAt: Date;
  readonly heartbeatAt: Date;
}

export type NewWorkerNode = Omit<WorkerNode, 'currentWork' | 'memoryBytes' | 'startedAt' | 'heartbeatAt'>;
export type WorkerReport = Pick<WorkerNode, 'currentWork' | 'memoryBytes'>;

/** True when the worker has reported within the given time in milliseconds. */
export function isAlive(worker: WorkerNode, now: Date, withinMs: number): boolean {
  return now.getTime() - worker.heartbeatAt.getTime() <= withinMs;
}
