import { existsSync } from 'node:fs';
import type { ApiClient } from '../api/api-client.js';
import { bundled } from '../repository-root.js';
import { importModel } from './import-model.js';

export const BUNDLED_MODEL = 'prad-tiny';

/** Makes sure that the model that ships with the project can be used; false where this copy lacks it. */
export async function ensureBundledModel(client: ApiClient): Promise<boolean> {
  const models = await client.models();
  if (models.some(({ id, prad }) => id === BUNDLED_MODEL && prad.status === 'ready')) return true;
  const source = bundled(BUNDLED_MODEL);
  if (!existsSync(`${source}/model.safetensors`)) return false;
  await importModel(client, { source, name: BUNDLED_MODEL });
  return true;
}
