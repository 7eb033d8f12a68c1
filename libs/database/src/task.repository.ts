import type { Task } from '@prad/domain';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { TaskEntity } from './task.entity.js';

@Injectable()
export class TaskRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The task of that name, made where there is none; a given description replaces the old one. */
  async ensure(id: string, description?: string): Promise<Task> {
    const rows = await this.dataSource.query<{ id: string; description: string; created_at: Date }[]>(
      `INSERT INTO task (id, description) VALUES ($1, coalesce($2, ''))
       ON CONFLICT (id) DO UPDATE SET description = coalesce($2, task.description) RETURNING *`,
      [id, description ?? null],
    );
    const [row] = rows;
    if (row === undefined) throw new Error(`task ${id} was not written`);
    return { id: row.id, description: row.description, createdAt: row.created_at };
  }

  async find(id: string): Promise<Task | undefined> {
    const row = await this.dataSource.manager.findOneBy(TaskEntity, { id });
    return row === null ? undefined : toDomain(row);
  }

  /** All tasks by name. */
  async list(): Promise<readonly Task[]> {
    const rows = await this.dataSource.manager.find(TaskEntity, { order: { id: 'ASC' } });
    return rows.map(toDomain);
  }
}

function toDomain({ id, description, createdAt }: TaskEntity): Task {
  return { id, description, createdAt };
}
