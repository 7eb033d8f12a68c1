import { existsSync } from 'node:fs';
import type { TaskChoice } from '@prad/contracts';
import type { ApiClient } from '../api/api-client.js';
import { note } from '../output/print.js';

/** A path is uploaded; anything else is taken for the id of a file. */
export async function fileId(client: ApiClient, pathOrId: string, task?: TaskChoice): Promise<string> {
  if (pathOrId.startsWith('file-') && !existsSync(pathOrId)) return pathOrId;
  const { id, filename, prad } = await client.uploadFile(pathOrId, { task });
  note(`uploaded ${filename}: ${prad.rows ?? 0} rows as ${id}`);
  return id;
}
