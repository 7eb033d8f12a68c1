import { DEFAULT_PROJECT } from '@prad/domain';
import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import type { JsonColumn } from './json-column.js';
import { ProjectEntity } from './project.entity.js';

@Entity('task')
export class TaskEntity {
  @ForeignKey(() => ProjectEntity)
  @PrimaryColumn({ type: 'text', default: DEFAULT_PROJECT })
  projectId!: string;
  @PrimaryColumn({ type: 'text' })
  name!: string;
  @Column({ type: 'jsonb' })
  definition!: JsonColumn;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;
}
