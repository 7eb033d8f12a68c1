import type { JsonObject } from '@prad/formats';
import type { HostTensor } from '@prad/tensor';
import type { AdapterArtefact } from '../adapter-artefact.js';
import type { BaseLayout } from '../base-layout.js';
import type { FloatTensor, FloatTensors } from '../float-tensors.js';

/** What PEFT keeps in a folder: adapter_config.json and the tensors of adapter_model.safetensors. */
export interface AdapterFiles {
  readonly config: JsonObject;
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** A method of PEFT's as one of ours. */
export interface ImportedMethod {
  readonly method: string;
  readonly options: JsonObject;
  readonly tensors: ReadonlyMap<string, FloatTensor>;
}

/** How one `peft_type` is read and written. */
export interface PeftMethod {
  /** Our methods that it can hold. */
  readonly methods: readonly string[];
  /** True where it adds to the prompt alone, so that both scopes are the same. */
  readonly actsOnPromptAlone: boolean;
  /** @throws AppError invalid, naming the field or the tensor. */
  readonly read: (config: JsonObject, tensors: FloatTensors, layout: BaseLayout) => ImportedMethod;
  /** @throws AppError conflict `not_expressible` where PEFT has no form that computes the same. */
  readonly write: (artefact: AdapterArtefact, layout: BaseLayout) => AdapterFiles;
}
