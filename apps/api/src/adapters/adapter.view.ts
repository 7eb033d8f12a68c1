import type { AdapterAliasObject, AdapterObject } from '@prad/contracts';
import type { AdapterAlias, AdapterDetail } from '@prad/domain';
import { toSeconds } from '../http/page.view.js';

export function toAdapterDetailObject(adapter: AdapterDetail): AdapterObject {
  const { id, createdAt, baseModel, method, scope, options, parameterCount, task, isInUse } = adapter;
  return {
    ...{ id, object: 'adapter', created_at: toSeconds(createdAt), base: baseModel, method, scope, task },
    options: { ...options },
    parameters: parameterCount,
    in_use: isInUse,
    versions: adapter.versions.map((version) => ({
      version: version.version,
      digest: version.digest,
      bytes: version.bytes,
      created_at: toSeconds(version.createdAt),
      job: version.jobId,
      training_file: version.trainingFile,
    })),
    aliases: adapter.aliases.map(toAliasObject),
  };
}

export function toAliasObject({
  name,
  version,
  previousVersion,
  updatedAt,
}: AdapterAlias): AdapterAliasObject {
  return {
    ...{ alias: name, object: 'adapter.alias', version },
    ...{ previous_version: previousVersion, updated_at: toSeconds(updatedAt) },
  };
}
