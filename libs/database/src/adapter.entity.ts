import { DEFAULT_PROJECT } from '@prad/domain';
import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { BaseModelEntity } from './base-model.entity.js';
import { bigintNumber } from './bigint-number.js';
import type { JsonColumn } from './json-column.js';
import { ProjectEntity } from './project.entity.js';

@Entity('adapter')
@Index(['projectId', 'createdAt', 'id'])
@Index(['baseModelId'])
export class AdapterEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;
  @ForeignKey(() => ProjectEntity)
  @Column({ type: 'text', default: DEFAULT_PROJECT })
  projectId!: string;
  @ForeignKey(() => BaseModelEntity)
  @Column({ type: 'text' })
  baseModelId!: string;
  @Column({ type: 'text' })
  baseDigest!: string;
  @Column({ type: 'text' })
  method!: string;
  @Column({ type: 'jsonb' })
  options!: JsonColumn;
  @Column({ type: 'text' })
  scope!: string;
  @Column({ type: 'bigint', transformer: bigintNumber })
  parameterCount!: number;
  @Column({ type: 'text', nullable: true })
  taskId!: string | null;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;
  /** Jobs keep naming the adapter they made or used, so a deleted adapter's row stays. */
  @Column({ type: 'timestamptz', nullable: true })
  deletedAt!: Date | null;
}
