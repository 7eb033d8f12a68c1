import { AppError } from '@prad/errors';
import { z } from 'zod';
import type { HubSettings } from '../env.js';
import type { DatasetReference } from './dataset-reference.js';
import { hubError, hubRequest, unavailable } from './hub-request.js';

const HUB = 'https://huggingface.co';

const files = z.array(z.url()).min(1);
const filesBySplit = z.record(z.string(), z.record(z.string(), files));

/**
 * Addresses of the Parquet files that the Hub keeps of a split, in their order (Hub API, `/api/datasets/{id}/parquet`). Throws
 * notFound with the configs or splits that there are, forbidden, and unavailable.
 */
export async function parquetFiles(
  { dataset, config, split }: DatasetReference,
  hub: HubSettings,
): Promise<readonly URL[]> {
  const list = `/api/datasets/${dataset.split('/').map(encodeURIComponent).join('/')}/parquet`;
  if (config !== undefined) {
    const path = `${list}/${encodeURIComponent(config)}/${encodeURIComponent(split)}`;
    return onMirror(await asked(path, files, hub, `${dataset}/${config}:${split}`), hub);
  }
  const configs = await asked(list, filesBySplit, hub, dataset);
  const names = Object.keys(configs);
  const name = names.length === 1 ? names[0] : names.find((known) => known === 'default');
  const splits = name === undefined ? undefined : configs[name];
  if (splits === undefined) {
    throw missing(
      `${dataset} has several configs: name one of ${names.join(', ')} as hf:${dataset}/config:${split}`,
    );
  }
  const found = splits[split];
  if (found === undefined) {
    throw missing(`${dataset} has no split ${split}; it has ${Object.keys(splits).join(', ')}`);
  }
  return onMirror(found, hub);
}

async function asked<T>(path: string, schema: z.ZodType<T>, hub: HubSettings, what: string): Promise<T> {
  const url = new URL(path, hub.endpoint);
  const response = await hubRequest(url, hub);
  if (!response.ok) throw await hubError(response, what);
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) throw unavailable(url, 'the answer is no list of Parquet files');
  return parsed.data;
}

/** A mirror may answer with the Hub's own addresses, which are not reached from where a mirror is needed. */
function onMirror(addresses: readonly string[], { endpoint }: HubSettings): readonly URL[] {
  return addresses.map((address) => {
    const url = new URL(address);
    return url.origin === HUB ? new URL(`${url.pathname}${url.search}`, endpoint) : url;
  });
}

function missing(message: string): AppError {
  return new AppError({ kind: 'notFound', code: 'dataset_split_not_found', message });
}
