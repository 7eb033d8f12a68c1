import type { NewWorkerNode, WorkerNode, WorkerReport } from '@prad/domain';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { WorkerNodeEntity } from './worker-node.entity.js';

@Injectable()
export class WorkerNodeRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Records a worker that has started. */
  async register(worker: NewWorkerNode): Promise<void> {
    const { id, roles, device, host, pid, slots } = worker;
    await this.dataSource.manager.insert(WorkerNodeEntity, {
      id,
      roles: [...roles],
      device,
      host,
      pid,
      slots,
    });
  }

  /** The worker's sign of life; false when its row is gone, so that it must register again. */
  async report(id: string, report: WorkerReport): Promise<boolean> {
    const result = await this.dataSource.manager.update(
      WorkerNodeEntity,
      { id },
      {
        currentWork: [...report.currentWork],
        memoryBytes: report.memoryBytes,
        heartbeatAt: () => 'clock_timestamp()',
      },
    );
    return result.affected === 1;
  }

  /** Removes a worker that ends. */
  async remove(id: string): Promise<void> {
    await this.dataSource.manager.delete(WorkerNodeEntity, { id });
  }

  /** Removes workers that have been silent for `silentMs` milliseconds and returns their number. */
  async removeSilent(silentMs: number): Promise<number> {
    const result = await this.dataSource
      .createQueryBuilder()
      .delete()
      .from(WorkerNodeEntity)
      .where(`heartbeat_at < clock_timestamp() - :silentMs * interval '1 millisecond'`, { silentMs })
      .execute();
    return result.affected ?? 0;
  }

  /** In the order of their start: all, or those that reported within `withinMs` milliseconds by the database's clock. */
  async list(withinMs?: number): Promise<readonly WorkerNode[]> {
    const query = this.dataSource.createQueryBuilder(WorkerNodeEntity, 'worker');
    if (withinMs !== undefined) {
      query.where(`worker.heartbeatAt >= clock_timestamp() - :withinMs * interval '1 millisecond'`, {
        withinMs,
      });
    }
    const rows = await query.orderBy('worker.startedAt').addOrderBy('worker.id').getMany();
    return rows.map(toDomain);
  }
}

function toDomain(row: WorkerNodeEntity): WorkerNode {
  const { id, roles, device, host, pid, slots, currentWork, memoryBytes, startedAt, heartbeatAt } = row;
  return { id, roles, device, host, pid, slots, currentWork, memoryBytes, startedAt, heartbeatAt };
}
