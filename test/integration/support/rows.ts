import { DEFAULT_PROJECT, newId, type FineTuningJob, type InferenceJob, type JsonObject } from '@prad/domain';
import type { Database } from '@prad/database';

/** What a ready base model of the tests holds. */
export const modelContent = {
  digest: 'd'.repeat(64),
  architecture: 'llama',
  parameterCount: 5_000_000_000,
  contextLength: 512,
  vocabularySize: 4096,
  bytes: 20_000_000_000,
  blobKey: 'models/dd',
  quantised: [],
  details: { licence: 'none' },
};

/** Imports a base model of that name. */
export async function addBaseModel(
  database: Database,
  id: string,
  details: JsonObject = modelContent.details,
): Promise<void> {
  await database.baseModels.create({ id, source: '/somewhere' });
  const owner = newId('lease');
  await database.baseModels.claim(id, owner, 10_000);
  await database.baseModels.complete(id, owner, { ...modelContent, details });
}

export async function addFile(database: Database, project = DEFAULT_PROJECT): Promise<string> {
  const id = newId('file');
  const facts = {
    filename: 'train.jsonl',
    purpose: 'fine-tune',
    format: 'jsonl',
    bytes: 12,
    sha256: 'a'.repeat(64),
  } as const;
  await database.dataFiles.create({ ...facts, id, project, rows: 3, task: null, blobKey: `files/${id}` });
  return id;
}

/** A queued job on a model that exists, with a new training file. */
export async function addJob(
  database: Database,
  model: string,
  project = DEFAULT_PROJECT,
): Promise<FineTuningJob> {
  const trainingFile = await addFile(database, project);
  return database.fineTuningJobs.create({
    ...{
      id: newId('ftjob'),
      project,
      status: 'queued',
      model,
      task: null,
      trainingFile,
      validationFile: null,
    },
    ...{ suffix: 'reviews', seed: 7, metadata: { team: 'x' } },
    method: {
      adapter: 'adapter',
      scope: 'prompt',
      options: { rank: 8 },
      hyperparameters: { learningRate: 1e-3, betas: [0.9, 0.999] },
    },
  });
}

export async function addRequest(
  database: Database,
  baseModel: string,
  project = DEFAULT_PROJECT,
): Promise<InferenceJob> {
  const request = { prompt: 'Hello', max_tokens: 4 };
  const id = newId('cmpl');
  const model = { baseModel, adapter: null, adapterVersion: null };
  await database.inferenceJobs.create({ id, project, endpoint: 'completion', ...model, request });
  return database.inferenceJobs.get(id);
}
