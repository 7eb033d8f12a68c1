import type { NewTask, Task } from '@prad/domain';
import { AppError } from '@prad/errors';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { jsonOf } from './json-column.js';
import { notFound } from './not-found.js';
import { TaskEntity } from './task.entity.js';

/** Most tasks of one project, so that its list is one answer. */
const MOST_TASKS = 500;

/** Tasks that projects have defined. */
@Injectable()
export class TaskRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Throws conflict `task_exists`, exhausted `too_many_tasks`. */
  async create({ project, name, definition }: NewTask): Promise<Task> {
    const rows = this.dataSource.getRepository(TaskEntity);
    if ((await rows.countBy({ projectId: project })) >= MOST_TASKS) throw tooMany(project);
    const inserted = await rows
      .createQueryBuilder()
      .insert()
      .values({ projectId: project, name, definition })
      .orIgnore()
      .returning('name')
      .execute();
    if ((inserted.raw as unknown[]).length === 0) throw exists(name);
    return this.get(project, name);
  }

  async find(project: string, name: string): Promise<Task | undefined> {
    const row = await this.dataSource.manager.findOneBy(TaskEntity, { projectId: project, name });
    return row === null ? undefined : toDomain(row);
  }

  /** Throws notFound `task_not_found`. */
  async get(project: string, name: string): Promise<Task> {
    const task = await this.find(project, name);
    if (task === undefined) throw notFound('task', name);
    return task;
  }

  /** All of the project's by name. */
  async list(project: string): Promise<readonly Task[]> {
    const order = { name: 'ASC' } as const;
    const rows = await this.dataSource.manager.find(TaskEntity, { where: { projectId: project }, order });
    return rows.map(toDomain);
  }

  /** What was asked with it keeps its copy. Throws notFound `task_not_found`. */
  async delete(project: string, name: string): Promise<void> {
    const { affected } = await this.dataSource.manager.delete(TaskEntity, { projectId: project, name });
    if (affected === 0) throw notFound('task', name);
  }
}

function toDomain({ projectId, name, definition, createdAt }: TaskEntity): Task {
  return { project: projectId, name, definition: jsonOf(definition), createdAt };
}

function exists(name: string): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'task_exists',
    message: `there is a task ${name} already; delete it first or take another name`,
    details: { param: 'name' },
  });
}

function tooMany(project: string): AppError {
  return new AppError({
    kind: 'exhausted',
    code: 'too_many_tasks',
    message: `the project ${project} has ${MOST_TASKS} tasks, which is the most`,
  });
}
