import { setTimeout as sleep } from 'node:timers/promises';
import type { ImportModelRequest, ModelObject } from '@prad/contracts';
import { AppError } from '@prad/errors';
import type { ApiClient } from '../api/api-client.js';

const POLL_MS = 250;

/** Has the server import a model and waits for it. Throws the reason where the import fails. */
export async function importModel(client: ApiClient, request: ImportModelRequest): Promise<ModelObject> {
  const { id } = await begin(client, request);
  for (;;) {
    const model = await client.model(id);
    if (model.prad.kind === 'base' && model.prad.error !== null) {
      const { code, message } = model.prad.error;
      throw new AppError({ kind: 'invalid', code, message: `${id} was not imported: ${message}` });
    }
    if (model.prad.status === 'ready') return model;
    await sleep(POLL_MS);
  }
}

/** An import of that name that is under way, for example by another command, is joined. */
async function begin(client: ApiClient, request: ImportModelRequest): Promise<ModelObject> {
  try {
    return await client.importModel(request);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'model_exists' || request.name === undefined)
      throw error;
    const model = await client.model(request.name);
    if (model.prad.status !== 'importing') throw error;
    return model;
  }
}
