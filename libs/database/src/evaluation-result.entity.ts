import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { AdapterVersionEntity } from './adapter-version.entity.js';
import { BaseModelEntity } from './base-model.entity.js';
import { DataFileEntity } from './data-file.entity.js';
import type { JsonColumn } from './json-column.js';

@Entity('evaluation_result')
@Index(['createdAt', 'id'])
@Index(['adapterVersionId'])
export class EvaluationResultEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;
  @ForeignKey(() => BaseModelEntity)
  @Column({ type: 'text' })
  baseModelId!: string;
  @ForeignKey(() => AdapterVersionEntity, { onDelete: 'CASCADE' })
  @Column({ type: 'text', nullable: true })
  adapterVersionId!: string | null;
  @ForeignKey(() => DataFileEntity)
  @Column({ type: 'text' })
  fileId!: string;
  @Column({ type: 'text', nullable: true })
  taskId!: string | null;
  @Column({ type: 'jsonb' })
  scores!: Readonly<Record<string, number>>;
  @Column({ type: 'jsonb', default: () => `'{}'` })
  settings!: JsonColumn;
  @Column({ type: 'integer' })
  rows!: number;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;
}
