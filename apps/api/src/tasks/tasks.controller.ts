import { Body, Controller, Delete, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  createTask,
  previewTask,
  taskDeletion,
  taskList,
  taskObject,
  taskPreview,
  type CreateTask,
  type PreviewTask,
} from '@prad/contracts';
import { TaskRepository } from '@prad/database';
import { AppError } from '@prad/errors';
import { builtInTasks, definedTask } from '@prad/tasks';
import type { FastifyReply } from 'fastify';
import { CallerProject } from '../access/caller-project.js';
import { disconnection } from '../http/drain.js';
import { atField } from '../http/error-response.js';
import { toList } from '../http/page.view.js';
import { TaskPreviewService } from './task-preview.service.js';
import { toDefinedTaskObject, toDefinition, toTaskObject } from './task.view.js';

@ApiTags('tasks')
@Controller('v1/tasks')
export class TasksController {
  constructor(
    private readonly tasks: TaskRepository,
    private readonly previews: TaskPreviewService,
  ) {}

  /** Those that are built in, then the project's own by name. */
  @Get()
  @ApiOkResponse({ standardSchema: taskList })
  async list(@CallerProject() project: string) {
    const own = await this.tasks.list(project);
    const items = [...[...builtInTasks.values()].map(toTaskObject), ...own.map(toDefinedTaskObject)];
    return toList({ items, hasMore: false }, (item) => item);
  }

  /** Defines a task; the templates are tried on the example. */
  @Post()
  @ApiCreatedResponse({ standardSchema: taskObject })
  async create(@CallerProject() project: string, @Body({ schema: createTask }) body: CreateTask) {
    const { name } = body;
    if (builtInTasks.has(name)) throw builtIn(name, 'is built in; take another name');
    const definition = toDefinition(body);
    try {
      definedTask(name, definition);
    } catch (error) {
      const field = error instanceof AppError ? error.details['field'] : undefined;
      throw atField(error, typeof field === 'string' ? field : 'example');
    }
    return toDefinedTaskObject(await this.tasks.create({ project, name, definition }));
  }

  /** What a task makes of a file's lines, before anything is uploaded. */
  @Post('preview')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: taskPreview })
  preview(
    @CallerProject() project: string,
    @Body({ schema: previewTask }) body: PreviewTask,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.previews.preview(project, body, disconnection(reply));
  }

  @Get(':name')
  @ApiOkResponse({ standardSchema: taskObject })
  async get(@CallerProject() project: string, @Param('name') name: string) {
    const task = builtInTasks.get(name);
    return task ? toTaskObject(task) : toDefinedTaskObject(await this.tasks.get(project, name));
  }

  /** Jobs, evaluations and files that were asked with it keep their copy. */
  @Delete(':name')
  @ApiOkResponse({ standardSchema: taskDeletion })
  async delete(@CallerProject() project: string, @Param('name') name: string) {
    if (builtInTasks.has(name)) throw builtIn(name, 'is built in and stays');
    await this.tasks.delete(project, name);
    return { id: name, object: 'task' as const, deleted: true as const };
  }
}

function builtIn(name: string, what: string): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'task_built_in',
    message: `the task ${name} ${what}`,
    details: { param: 'name' },
  });
}
