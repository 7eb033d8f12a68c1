import { Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { ProjectEntity } from './project.entity.js';

@Entity('api_key')
@Unique(['hash'])
@Index(['projectId'])
export class ApiKeyEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;
  @ForeignKey(() => ProjectEntity)
  @Column({ type: 'text' })
  projectId!: string;
  @Column({ type: 'text', default: '' })
  name!: string;
  @Column({ type: 'text' })
  prefix!: string;
  @Column({ type: 'text' })
  hash!: string;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;
  @Column({ type: 'timestamptz', nullable: true })
  lastUsedAt!: Date | null;
  @Column({ type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;
}
