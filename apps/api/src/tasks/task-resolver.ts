import { Injectable } from '@nestjs/common';
import type { TaskChoice } from '@prad/contracts';
import { TaskRepository } from '@prad/database';
import type { DataFile } from '@prad/domain';
import { builtInTasks, taskDefinition, taskOf, type TaskReference } from '@prad/tasks';
import { atField } from '../http/error-response.js';
import { referenceOf } from './task.view.js';

/** What requests name as their task. */
@Injectable()
export class TaskResolver {
  constructor(private readonly tasks: TaskRepository) {}

  /**
   * The task with its definition as it is now; without a choice what the file was uploaded as. Throws notFound, or
   * invalid for a template or labels that the task does not have.
   */
  async resolve(
    project: string,
    choice: TaskChoice | null | undefined,
    file?: Pick<DataFile, 'task'>,
  ): Promise<TaskReference | null> {
    if (choice === null || choice === undefined) return file ? referenceOf(file) : null;
    const named = typeof choice === 'string' ? { name: choice } : choice;
    const { name, template = 'plain', labels = null } = { template: undefined, labels: undefined, ...named };
    try {
      const defined = builtInTasks.has(name) ? undefined : await this.tasks.find(project, name);
      const definition = defined ? taskDefinition.parse(defined.definition) : null;
      const reference = { name, template, labels: labels && [...labels], definition };
      taskOf(reference);
      return reference;
    } catch (error) {
      throw atField(error, 'task');
    }
  }
}
