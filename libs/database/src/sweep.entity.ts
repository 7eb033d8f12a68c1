import { DEFAULT_PROJECT, type SweepLists, type SweepStatus } from '@prad/domain';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { BaseModelEntity } from './base-model.entity.js';
import { DataFileEntity } from './data-file.entity.js';
import { ProjectEntity } from './project.entity.js';

@Entity('sweep')
@Check('sweep_status_check', `status IN ('running', 'succeeded', 'failed', 'cancelled')`)
@Check('sweep_end_check', `(status = 'running') = (finished_at IS NULL)`)
@Check('sweep_best_check', `status <> 'succeeded' OR best_job_id IS NOT NULL`)
@Index(['projectId', 'createdAt', 'id'])
@Index('sweep_running_idx', ['createdAt'], { where: `status = 'running'` })
export class SweepEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;
  @ForeignKey(() => ProjectEntity)
  @Column({ type: 'text', default: DEFAULT_PROJECT })
  projectId!: string;
  @Column({ type: 'text', default: 'running' })
  status!: SweepStatus;
  @ForeignKey(() => BaseModelEntity)
  @Column({ type: 'text' })
  baseModelId!: string;
  @ForeignKey(() => DataFileEntity)
  @Column({ type: 'text' })
  trainingFileId!: string;
  @ForeignKey(() => DataFileEntity)
  @Column({ type: 'text' })
  validationFileId!: string;
  @Column({ type: 'text', nullable: true })
  suffix!: string | null;
  @Column({ type: 'jsonb' })
  lists!: SweepLists;
  @Column({ type: 'boolean', default: false })
  cancelRequested!: boolean;
  /** No foreign key: jobs name their sweep. */
  @Column({ type: 'text', nullable: true })
  bestJobId!: string | null;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;
  @Column({ type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;
}
