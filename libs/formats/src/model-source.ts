import type { Shape } from '@prad/tensor';
import type { JsonObject } from './strict-json.js';

/** One weight of a model: Hugging Face name and layout. `read` loads it anew on every call and keeps nothing. */
export interface ModelTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly read: () => Promise<Float32Array>;
}

/** A model as its Hugging Face folder would say it, wherever it comes from. */
export interface ModelSource {
  /** `config.json`, as found: architectures check the fields that they use. */
  readonly config: JsonObject;
  /** `generation_config.json`, where there is one. */
  readonly generationConfig?: JsonObject;
  /** `tokenizer.json`. */
  readonly tokenizer: JsonObject;
  /** `tokenizer_config.json`, with `chat_template` in it. */
  readonly tokenizerConfig: JsonObject;
  readonly tensors: ReadonlyMap<string, ModelTensor>;
  readonly close: () => Promise<void>;
}
