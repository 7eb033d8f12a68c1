import { DEFAULT_PROJECT, type FileFormat, type FilePurpose } from '@prad/domain';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { bigintNumber } from './bigint-number.js';
import type { JsonColumn } from './json-column.js';
import { ProjectEntity } from './project.entity.js';

@Entity('data_file')
@Check('data_file_purpose_check', `purpose IN ('fine-tune', 'fine-tune-results', 'evals')`)
@Check('data_file_format_check', `format IN ('jsonl', 'csv', 'tsv', 'parquet')`)
@Check('data_file_size_check', `bytes >= 0 AND rows >= 0`)
@Index(['projectId', 'createdAt', 'id'])
export class DataFileEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;
  @ForeignKey(() => ProjectEntity)
  @Column({ type: 'text', default: DEFAULT_PROJECT })
  projectId!: string;
  @Column({ type: 'text' })
  filename!: string;
  @Column({ type: 'text' })
  purpose!: FilePurpose;
  @Column({ type: 'text', default: 'jsonl' })
  format!: FileFormat;
  @Column({ type: 'bigint', transformer: bigintNumber })
  bytes!: number;
  @Column({ type: 'text' })
  sha256!: string;
  @Column({ type: 'integer', nullable: true })
  rows!: number | null;
  /** What its rows were read as; null: prompts with completions, or conversations. */
  @Column({ type: 'jsonb', nullable: true })
  task!: JsonColumn | null;
  @Column({ type: 'text' })
  blobKey!: string;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;
  /** Jobs keep naming the file they used, so a deleted file's row stays. */
  @Column({ type: 'timestamptz', nullable: true })
  deletedAt!: Date | null;
}
