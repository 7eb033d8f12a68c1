import { AppError } from '@prad/errors';
import type { HostTensor } from '@prad/tensor';
import { access } from 'node:fs/promises';
import { InferenceSession } from 'onnxruntime-node';
import { requireDevice } from './device.js';
import { inPlaceWorks, runInto } from './in-place.js';
import { translateNative } from './native-error.js';
import { fromNative, toNative } from './native-tensor.js';
import { nativeOptions, type SessionOptions } from './session-options.js';
import { checkFeeds, checkOutputs, signatures, type TensorSignature } from './signature.js';

export type Tensors = Readonly<Record<string, HostTensor>>;

/**
 * A loaded ONNX model. `open` and `run` compute on the calling thread and block it: only a compute thread or a test
 * calls them.
 */
export class Session {
  /** In the order of the graph. */
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  #native: InferenceSession | undefined;
  readonly #sequence: string | undefined;

  private constructor(native: InferenceSession, inPlace: boolean) {
    this.#native = native;
    this.inputs = signatures(native.inputMetadata);
    this.outputs = signatures(native.outputMetadata);
    this.#sequence = inPlace ? sequenceOutput(native) : undefined;
  }

  /**
   * Loads a model from a file (its external data lie beside it) or from bytes.
   * @throws AppError notFound `model_file_missing`, invalid `bad_model`, unavailable `device_unavailable`,
   * exhausted `out_of_memory`.
   */
  static async open(model: string | Uint8Array, options: SessionOptions = {}): Promise<Session> {
    const native = await load(model, options);
    const inPlace = sequenceOutput(native) !== undefined && (await inPlaceWorks((probe) => load(probe, {})));
    return new Session(native, inPlace);
  }

  /** Whether `runInPlace` writes outputs without copying them. */
  get writesInPlace(): boolean {
    return this.#sequence !== undefined;
  }

  /**
   * Runs the graph; feeds are read where they lie, outputs are new.
   * @param fetch names of the outputs wanted, by default all tensors.
   * @throws AppError bug `missing_feed`, `unknown_feed`, `feed_mismatch`, `run_failed`; exhausted `out_of_memory`.
   */
  async run(feeds: Tensors, fetch?: readonly string[]): Promise<Record<string, HostTensor>> {
    const native = this.#open();
    checkFeeds(this.inputs, feeds);
    const wanted = fetch ?? this.outputs.map(({ name }) => name);
    if (wanted.length === 0) return {};
    try {
      const results = await native.run(natives(feeds), wanted);
      return Object.fromEntries(
        Object.entries(results).map(([name, value]) => [name, fromNative(name, value)]),
      );
    } catch (error) {
      throw runFailed(error);
    }
  }

  /**
   * Runs the graph and leaves the given outputs in the memory of the tensors given for them. The same memory may be
   * fed as well where an operator updates it in place, as GroupQueryAttention does its cache. Nothing is copied when
   * the graph's first output is a sequence (`sequenceConstruct`), else the outputs are copied into place.
   * @throws AppError as `run`, and bug `unknown_output`.
   */
  async runInPlace(feeds: Tensors, outputs: Tensors): Promise<void> {
    const native = this.#open();
    checkFeeds(this.inputs, feeds);
    checkOutputs(this.outputs, outputs);
    try {
      await runInto(native, natives(feeds), natives(outputs), this.#sequence);
    } catch (error) {
      throw runFailed(error);
    }
  }

  /** Frees the model's memory; closing twice is harmless. */
  async close(): Promise<void> {
    const native = this.#native;
    this.#native = undefined;
    await native?.release();
  }

  #open(): InferenceSession {
    if (this.#native) return this.#native;
    throw new AppError({ kind: 'bug', code: 'session_closed', message: 'the session is closed' });
  }
}

async function load(model: string | Uint8Array, options: SessionOptions): Promise<InferenceSession> {
  requireDevice(options.device ?? 'cpu');
  const what = typeof model === 'string' ? `model ${model}` : 'model in memory';
  if (typeof model === 'string') await requireFile(model);
  try {
    const native = nativeOptions(options);
    return await (typeof model === 'string'
      ? InferenceSession.create(model, native)
      : InferenceSession.create(model, native));
  } catch (error) {
    throw translateNative(error, `${what} cannot be loaded`, { kind: 'invalid', code: 'bad_model' });
  }
}

async function requireFile(path: string): Promise<void> {
  try {
    await access(path);
  } catch (cause) {
    throw new AppError({
      kind: 'notFound',
      code: 'model_file_missing',
      message: `model file ${path} cannot be read`,
      cause,
    });
  }
}

/** The first output when it is a sequence. */
function sequenceOutput(native: InferenceSession): string | undefined {
  const [first] = native.outputMetadata;
  return first && !first.isTensor ? first.name : undefined;
}

function natives(tensors: Tensors): Record<string, ReturnType<typeof toNative>> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toNative(tensor)]));
}

function runFailed(error: unknown): AppError {
  return translateNative(error, 'the graph did not run', { kind: 'bug', code: 'run_failed' });
}
