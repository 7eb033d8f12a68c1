import type { ModelObject } from '@prad/contracts';
import type { Adapter, BaseModel } from '@prad/domain';
import { toSeconds } from '../http/page.view.js';

export function toBaseModelObject(model: BaseModel): ModelObject {
  const content = model.status === 'ready' ? model : undefined;
  return {
    id: model.id,
    object: 'model',
    created: toSeconds(model.createdAt),
    owned_by: 'prad',
    prad: {
      kind: 'base',
      status: model.status,
      source: model.source,
      architecture: content?.architecture ?? null,
      parameters: content?.parameterCount ?? null,
      context_length: content?.contextLength ?? null,
      digest: content?.digest ?? null,
      bytes: content?.bytes ?? null,
      quantized: model.status === 'failed' ? [] : [...model.quantised],
      error: model.status === 'failed' ? { code: model.error.code, message: model.error.message } : null,
    },
  };
}

export function toAdapterObject(adapter: Adapter): ModelObject {
  const { latest } = adapter;
  return {
    id: adapter.id,
    object: 'model',
    created: toSeconds(adapter.createdAt),
    owned_by: 'prad',
    prad: {
      kind: 'adapter',
      status: 'ready',
      base: adapter.baseModel,
      adapter: adapter.method,
      scope: adapter.scope,
      options: { ...adapter.options },
      parameters: adapter.parameterCount,
      version: latest.version,
      digest: latest.digest,
      bytes: latest.bytes,
      job: latest.jobId,
    },
  };
}
