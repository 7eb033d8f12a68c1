import type { WorkerObject } from '@prad/contracts';
import type { WorkerNode } from '@prad/domain';
import { toSeconds } from '../http/page.view.js';

export function toWorkerObject(node: WorkerNode): WorkerObject {
  const { id, roles, device, host, pid, slots, currentWork, memoryBytes, startedAt, heartbeatAt } = node;
  return {
    ...{ id, object: 'worker', roles: [...roles], device, host, pid, slots },
    current_work: [...currentWork],
    memory_bytes: memoryBytes,
    started_at: toSeconds(startedAt),
    heartbeat_at: toSeconds(heartbeatAt),
  };
}
