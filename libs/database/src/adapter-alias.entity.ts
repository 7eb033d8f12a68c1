import type { AdapterAlias } from '@prad/domain';
import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { AdapterEntity } from './adapter.entity.js';

@Entity('adapter_alias')
export class AdapterAliasEntity {
  @ForeignKey(() => AdapterEntity, { onDelete: 'CASCADE' })
  @PrimaryColumn({ type: 'text' })
  adapterId!: string;
  @PrimaryColumn({ type: 'text' })
  name!: string;
  @Column({ type: 'integer' })
  version!: number;
  @Column({ type: 'integer', nullable: true })
  previousVersion!: number | null;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  updatedAt!: Date;
}

export function aliasToDomain({
  name,
  version,
  previousVersion,
  updatedAt,
}: AdapterAliasEntity): AdapterAlias {
  return { name, version, previousVersion, updatedAt };
}
