import type { WorkerRole } from '@prad/domain';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintNumber } from './bigint-number.js';

@Entity('worker_node')
@Index(['heartbeatAt'])
export class WorkerNodeEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;
  @Column({ type: 'text', array: true })
  roles!: WorkerRole[];
  @Column({ type: 'text' })
  device!: string;
  @Column({ type: 'text' })
  host!: string;
  @Column({ type: 'integer' })
  pid!: number;
  @Column({ type: 'integer' })
  slots!: number;
  @Column({ type: 'text', array: true, default: () => `'{}'` })
  currentWork!: string[];
  @Column({ type: 'bigint', default: 0, transformer: bigintNumber })
  memoryBytes!: number;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  startedAt!: Date;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  heartbeatAt!: Date;
}
