import { setTimeout as sleep } from 'node:timers/promises';
import type { AdapterFolderBytes } from '@prad/adapter-files';
import {
  adapterAlias,
  adapterAliasDeletion,
  adapterList,
  adapterObject,
  completion,
  completionChunk,
  embeddingList,
  evaluationEvent,
  evaluationEventList,
  evaluationList,
  evaluationObject,
  fileDeletion,
  fileList,
  fileObject,
  filePreview,
  fineTuningEstimate,
  fineTuningSweep,
  fineTuningSweepList,
  fineTuningEvent,
  fineTuningEventList,
  fineTuningJob,
  fineTuningJobList,
  health,
  modelDeletion,
  modelList,
  modelObject,
  scoreList,
  taskDeletion,
  taskList,
  taskObject,
  taskPreview,
  type AdapterAliasObject,
  type AdapterFileName,
  type AdapterObject,
  type ColumnMapping,
  type Completion,
  type CompletionChunk,
  type CreateCompletion,
  type CreateEmbedding,
  type CreateScore,
  type createEvaluation,
  type createTask,
  type EmbeddingListObject,
  type EvaluationEventObject,
  type EvaluationObject,
  type createFineTuningJob,
  type FileObject,
  type FilePreviewObject,
  type FineTuningEstimateObject,
  type FineTuningSweepObject,
  type FineTuningEventObject,
  type FineTuningJobObject,
  type ImportAdapterFields,
  type ImportModelRequest,
  type ModelObject,
  type previewTask,
  type ScoreListObject,
  type TaskChoice,
  type TaskObject,
  type TaskPreviewObject,
} from '@prad/contracts';
import { AppError } from '@prad/errors';
import type { z } from 'zod';
import { brokeOff, errorOf, unreachable } from './api-error.js';
import { parseEvent, serverSentEvents, type ServerSentEvent } from './server-sent-events.js';
import { uploadBody } from './upload-body.js';

/** Newest items of a list that the command line asks for. */
const LIST_LIMIT = 100;
const PING_MS = 2_000;
const LONGEST_PAUSE_MS = 2_000;

/** A fine-tuning job as it is submitted: what the contract fills in may be left out. */
export type JobRequest = z.input<typeof createFineTuningJob>;
export type EvaluationRequest = z.input<typeof createEvaluation>;
export type TaskRequest = z.input<typeof createTask>;
export type TaskPreviewRequest = z.input<typeof previewTask>;
/** How a file is read; see the fields of the form of `POST /v1/files`. */
export interface UploadRequest {
  readonly task?: TaskChoice | undefined;
  /** The server checks what it is called. */
  readonly format?: string | undefined;
  readonly columns?: ColumnMapping | undefined;
}

/** The same with lists that are crossed; the server checks the names. */
export type SweepRequest = JobRequest & { readonly sweep: Readonly<Record<string, readonly number[]>> };

/**
 * The API over HTTP, with the types of its contracts. Every method throws an AppError: the server's own, or unavailable
 * `server_unreachable`.
 */
export class ApiClient {
  constructor(
    readonly url: string,
    /** Secret of an API key; servers without keys need none. */
    private readonly key?: string,
  ) {}

  /** Whether a PrAd API answers at the address. */
  async answers(): Promise<boolean> {
    try {
      const response = await fetch(new URL('/health', this.url), { signal: AbortSignal.timeout(PING_MS) });
      return response.ok && health.safeParse(await response.json()).success;
    } catch {
      return false;
    }
  }

  async models(): Promise<readonly ModelObject[]> {
    return (await this.#get('/v1/models', modelList)).data;
  }

  model(id: string): Promise<ModelObject> {
    return this.#get(`/v1/models/${encodeURIComponent(id)}`, modelObject);
  }

  importModel(request: ImportModelRequest): Promise<ModelObject> {
    return this.#post('/v1/models', request, modelObject);
  }

  async removeModel(id: string): Promise<void> {
    await this.#json(`/v1/models/${encodeURIComponent(id)}`, { method: 'DELETE' }, modelDeletion);
  }

  /** The newest adapters, the newest first. */
  async adapters(): Promise<readonly AdapterObject[]> {
    return (await this.#get(`/v1/adapters?limit=${LIST_LIMIT}`, adapterList)).data;
  }

  adapter(id: string): Promise<AdapterObject> {
    return this.#get(`/v1/adapters/${encodeURIComponent(id)}`, adapterObject);
  }

  /** Lets an alias stand for a version. */
  setAdapterAlias(id: string, alias: string, version: number): Promise<AdapterAliasObject> {
    return this.#post(`/v1/adapters/${encodeURIComponent(id)}/aliases`, { alias, version }, adapterAlias);
  }

  async removeAdapterAlias(id: string, alias: string): Promise<void> {
    const path = `/v1/adapters/${encodeURIComponent(id)}/aliases/${encodeURIComponent(alias)}`;
    await this.#json(path, { method: 'DELETE' }, adapterAliasDeletion);
  }

  importAdapter(
    { config, weights }: AdapterFolderBytes,
    fields: ImportAdapterFields,
  ): Promise<AdapterObject> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.append(name, value);
    form.append('adapter_config', new Blob([new Uint8Array(config)]), 'adapter_config.json');
    form.append('adapter_model', new Blob([new Uint8Array(weights)]), 'adapter_model.safetensors');
    return this.#json('/v1/adapters', { method: 'POST', body: form }, adapterObject);
  }

  /** Both files, in a format that the server knows. */
  async exportAdapter(id: string, format: string): Promise<AdapterFolderBytes> {
    const file = async (name: AdapterFileName): Promise<Uint8Array> => {
      const path = `/v1/adapters/${encodeURIComponent(id)}/export/${name}?format=${encodeURIComponent(format)}`;
      return new Uint8Array(await (await this.#fetch(path, {})).arrayBuffer());
    };
    return { config: await file('adapter_config.json'), weights: await file('adapter_model.safetensors') };
  }

  async files(): Promise<readonly FileObject[]> {
    return (await this.#get(`/v1/files?limit=${LIST_LIMIT}`, fileList)).data;
  }

  /** Uploads a training file, whose rows are the task's where there is one. */
  async uploadFile(path: string, { task, format, columns }: UploadRequest = {}): Promise<FileObject> {
    const fields = {
      purpose: 'fine-tune',
      ...(task !== undefined && { task: typeof task === 'object' ? JSON.stringify(task) : task }),
      ...(format !== undefined && { format }),
      ...(columns !== undefined && { columns: JSON.stringify(columns) }),
    };
    const { body, type } = await uploadBody(path, fields);
    const headers = { 'content-type': type };
    return this.#json('/v1/files', { method: 'POST', headers, body, duplex: 'half' }, fileObject);
  }

  file(id: string): Promise<FileObject> {
    return this.#get(`/v1/files/${encodeURIComponent(id)}`, fileObject);
  }

  /** The file's first rows and, by a base model's tokenizer, its lengths. */
  previewFile(id: string, rows: number, model?: string): Promise<FilePreviewObject> {
    const named = model === undefined ? '' : `&model=${encodeURIComponent(model)}`;
    return this.#get(`/v1/files/${encodeURIComponent(id)}/preview?rows=${rows}${named}`, filePreview);
  }

  async removeFile(id: string): Promise<void> {
    await this.#json(`/v1/files/${id}`, { method: 'DELETE' }, fileDeletion);
  }

  async jobs(): Promise<readonly FineTuningJobObject[]> {
    return (await this.#get(`/v1/fine_tuning/jobs?limit=${LIST_LIMIT}`, fineTuningJobList)).data;
  }

  job(id: string): Promise<FineTuningJobObject> {
    return this.#get(`/v1/fine_tuning/jobs/${id}`, fineTuningJob);
  }

  createJob(request: JobRequest): Promise<FineTuningJobObject> {
    return this.#post('/v1/fine_tuning/jobs', request, fineTuningJob);
  }

  createSweep(request: SweepRequest): Promise<FineTuningSweepObject> {
    return this.#post('/v1/fine_tuning/sweeps', request, fineTuningSweep);
  }

  /** The newest sweeps, the newest first. */
  async sweeps(): Promise<readonly FineTuningSweepObject[]> {
    return (await this.#get(`/v1/fine_tuning/sweeps?limit=${LIST_LIMIT}`, fineTuningSweepList)).data;
  }

  sweep(id: string): Promise<FineTuningSweepObject> {
    return this.#get(`/v1/fine_tuning/sweeps/${id}`, fineTuningSweep);
  }

  cancelSweep(id: string): Promise<FineTuningSweepObject> {
    return this.#post(`/v1/fine_tuning/sweeps/${id}/cancel`, {}, fineTuningSweep);
  }

  /** What such a job would take; nothing is recorded. */
  estimate(request: JobRequest): Promise<FineTuningEstimateObject> {
    return this.#post('/v1/fine_tuning/estimate', request, fineTuningEstimate);
  }

  createEvaluation(request: EvaluationRequest): Promise<EvaluationObject> {
    return this.#post('/v1/evaluations', request, evaluationObject);
  }

  /** The newest evaluations, the newest first. */
  async evaluations(): Promise<readonly EvaluationObject[]> {
    return (await this.#get(`/v1/evaluations?limit=${LIST_LIMIT}`, evaluationList)).data;
  }

  evaluation(id: string): Promise<EvaluationObject> {
    return this.#get(`/v1/evaluations/${encodeURIComponent(id)}`, evaluationObject);
  }

  cancelEvaluation(id: string): Promise<EvaluationObject> {
    return this.#post(`/v1/evaluations/${encodeURIComponent(id)}/cancel`, {}, evaluationObject);
  }

  async tasks(): Promise<readonly TaskObject[]> {
    return (await this.#get('/v1/tasks', taskList)).data;
  }

  createTask(request: TaskRequest): Promise<TaskObject> {
    return this.#post('/v1/tasks', request, taskObject);
  }

  previewTask(request: TaskPreviewRequest): Promise<TaskPreviewObject> {
    return this.#post('/v1/tasks/preview', request, taskPreview);
  }

  async deleteTask(name: string): Promise<void> {
    await this.#json(`/v1/tasks/${encodeURIComponent(name)}`, { method: 'DELETE' }, taskDeletion);
  }

  pauseJob(id: string): Promise<FineTuningJobObject> {
    return this.#post(`/v1/fine_tuning/jobs/${id}/pause`, {}, fineTuningJob);
  }

  resumeJob(id: string): Promise<FineTuningJobObject> {
    return this.#post(`/v1/fine_tuning/jobs/${id}/resume`, {}, fineTuningJob);
  }

  cancelJob(id: string): Promise<FineTuningJobObject> {
    return this.#post(`/v1/fine_tuning/jobs/${id}/cancel`, {}, fineTuningJob);
  }

  /** The newest events, oldest first. */
  async jobEvents(id: string): Promise<readonly FineTuningEventObject[]> {
    const path = `/v1/fine_tuning/jobs/${id}/events?limit=${LIST_LIMIT}`;
    return [...(await this.#get(path, fineTuningEventList)).data].reverse();
  }

  /** A job's events after a sequence as they are written; ends without an error when the connection does. */
  followJob(id: string, after: number, signal?: AbortSignal): AsyncGenerator<FineTuningEventObject, void> {
    return this.#follow(`/v1/fine_tuning/jobs/${id}/events`, fineTuningEvent, after, signal);
  }

  /** The newest events of an evaluation, oldest first. */
  async evaluationEvents(id: string): Promise<readonly EvaluationEventObject[]> {
    const path = `/v1/evaluations/${encodeURIComponent(id)}/events?limit=${LIST_LIMIT}`;
    return [...(await this.#get(path, evaluationEventList)).data].reverse();
  }

  /** As `followJob`, of an evaluation. */
  followEvaluation(
    id: string,
    after: number,
    signal?: AbortSignal,
  ): AsyncGenerator<EvaluationEventObject, void> {
    return this.#follow(`/v1/evaluations/${encodeURIComponent(id)}/events`, evaluationEvent, after, signal);
  }

  complete(request: CreateCompletion, signal?: AbortSignal): Promise<Completion> {
    return this.#json('/v1/completions', { ...jsonBody(request), ...(signal && { signal }) }, completion);
  }

  embed(request: CreateEmbedding): Promise<EmbeddingListObject> {
    return this.#post('/v1/embeddings', request, embeddingList);
  }

  score(request: CreateScore): Promise<ScoreListObject> {
    return this.#post('/v1/score', request, scoreList);
  }

  /** The answer's text as it is generated. */
  async *streamCompletion(
    request: CreateCompletion,
    signal?: AbortSignal,
  ): AsyncGenerator<CompletionChunk, void> {
    const init = { ...jsonBody({ ...request, stream: true }), ...(signal && { signal }) };
    try {
      for await (const { data } of this.#events('/v1/completions', init)) {
        if (data === '[DONE]') return;
        yield parseEvent(data, completionChunk);
      }
    } catch (error) {
      if (signal?.aborted === true || error instanceof AppError) throw error;
      throw brokeOff(this.url, error);
    }
    throw brokeOff(this.url);
  }

  /** A server that has just lost its database has it back in a moment, and reading may be repeated. */
  async #get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    for (let pause = 500; ; pause *= 2) {
      try {
        return await this.#json(path, {}, schema);
      } catch (error) {
        const mayPass = error instanceof AppError && error.code === 'database_unreachable';
        if (!mayPass || pause > LONGEST_PAUSE_MS) throw error;
        await sleep(pause);
      }
    }
  }

  #post<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
    return this.#json(path, jsonBody(body), schema);
  }

  async #json<T>(path: string, init: RequestInit, schema: z.ZodType<T>): Promise<T> {
    const response = await this.#fetch(path, init);
    return schema.parse(await response.json());
  }

  async *#follow<Event>(
    path: string,
    schema: z.ZodType<Event>,
    afterSequence: number,
    signal?: AbortSignal,
  ): AsyncGenerator<Event, void> {
    const headers = afterSequence > 0 ? { 'last-event-id': String(afterSequence) } : {};
    const init = { headers, ...(signal && { signal }) };
    for await (const { data } of this.#events(`${path}?stream=true`, init)) {
      if (data === '[DONE]') return;
      yield parseEvent(data, schema);
    }
  }

  async *#events(path: string, init: RequestInit): AsyncGenerator<ServerSentEvent, void> {
    const { body } = await this.#fetch(path, init);
    if (body !== null) yield* serverSentEvents(body);
  }

  #withKey(init: RequestInit): RequestInit {
    if (this.key === undefined) return init;
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${this.key}`);
    return { ...init, headers };
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const url = new URL(path, this.url);
    let response: Response;
    try {
      response = await fetch(url, this.#withKey(init));
    } catch (error) {
      if (init.signal?.aborted === true) throw error;
      throw unreachable(this.url, error);
    }
    if (!response.ok) throw await errorOf(response);
    return response;
  }
}

function jsonBody(body: unknown): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
