import { AppError } from '@prad/errors';
import type { HostTensor } from '@prad/tensor';
import { access } from 'node:fs/promises';
import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { requireDevice, type Device } from './device.js';
import { inTurn } from './device-lock.js';
import { DeviceTensor } from './device-tensor.js';
import { deviceUnavailable, noDevice } from './device-unavailable.js';
import { inPlaceWorks, runInto } from './in-place.js';
import { nativeMessage, translateNative } from './native-error.js';
import { fromNative, toNative } from './native-tensor.js';
import { nativeOptions, type SessionOptions } from './session-options.js';
import { checkFeeds, checkOutputs, signatures, type TensorSignature } from './signature.js';

export type Tensors = Readonly<Record<string, HostTensor>>;

/** Tensors in host memory, in that of the session's GPU, or both. */
export type PlacedTensors = Readonly<Record<string, HostTensor | DeviceTensor>>;

/**
 * A loaded ONNX model. `open` and `run` compute on the calling thread and block it: only a compute thread or a test
 * calls them.
 */
export class Session {
  /** In the order of the graph. */
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  #nativeMs = 0;
  #native: InferenceSession | undefined;
  readonly #sequence: string | undefined;
  readonly #outputs: ReadonlyMap<string, TensorSignature>;

  private constructor(
    native: InferenceSession,
    inPlace: boolean,
    private readonly device: Device,
  ) {
    this.#native = native;
    this.inputs = signatures(native.inputMetadata);
    this.outputs = signatures(native.outputMetadata);
    this.#outputs = new Map(this.outputs.map((signature) => [signature.name, signature]));
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
    return new Session(native, inPlace, options.device ?? 'cpu');
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
  async run(feeds: PlacedTensors, fetch?: readonly string[]): Promise<Record<string, HostTensor>> {
    const wanted = fetch ?? this.outputs.map(({ name }) => name);
    const results = await this.#run(feeds, async (native, given): Promise<Record<string, Tensor>> =>
      wanted.length === 0 ? {} : native.run(given, wanted),
    );
    return Object.fromEntries(
      Object.entries(results).map(([name, value]) => [name, fromNative(name, value)]),
    );
  }

  /**
   * Runs the graph of a session that was opened with `outputs: 'device'`; all outputs stay in the memory of its GPU.
   * @throws AppError as `run`.
   */
  async runOnDevice(feeds: PlacedTensors): Promise<Record<string, DeviceTensor>> {
    const wanted = this.outputs.map(({ name }) => name);
    const results = await this.#run(feeds, (native, given) => native.run(given, wanted));
    return Object.fromEntries(
      Object.entries(results).map(([name, value]) => [name, new DeviceTensor(value)]),
    );
  }

  /**
   * Runs the graph and leaves the given outputs in the memory of the tensors given for them. The same memory may be
   * fed as well where an operator updates it in place, as GroupQueryAttention does its cache. Nothing is copied when
   * the graph's first output is a sequence (`sequenceConstruct`), else the outputs are copied into place.
   * @throws AppError as `run`, and bug `unknown_output`.
   */
  async runInPlace(feeds: PlacedTensors, outputs: PlacedTensors): Promise<void> {
    checkOutputs(this.#outputs, outputs);
    const targets = natives(outputs);
    await this.#run(feeds, (native, given) => runInto(native, given, targets, this.#sequence));
  }

  /** Milliseconds that runs spent in onnxruntime so far; on WebGPU waiting for the device counts. */
  get nativeMs(): number {
    return this.#nativeMs;
  }

  /** Frees the model's memory; closing twice is harmless. */
  async close(): Promise<void> {
    const native = this.#native;
    this.#native = undefined;
    if (native) await onDevice(this.device, () => native.release());
  }

  async #run<T>(
    feeds: PlacedTensors,
    work: (native: InferenceSession, feeds: Record<string, Tensor>) => Promise<T>,
  ): Promise<T> {
    const native = this.#open();
    checkFeeds(this.inputs, feeds);
    try {
      const given = natives(feeds);
      const started = performance.now();
      const result = await onDevice(this.device, () => work(native, given));
      this.#nativeMs += performance.now() - started;
      return result;
    } catch (error) {
      throw translateNative(error, 'the graph did not run', { kind: 'bug', code: 'run_failed' });
    }
  }

  #open(): InferenceSession {
    if (this.#native) return this.#native;
    throw new AppError({ kind: 'bug', code: 'session_closed', message: 'the session is closed' });
  }
}

async function load(model: string | Uint8Array, options: SessionOptions): Promise<InferenceSession> {
  const { device = 'cpu' } = options;
  requireDevice(device);
  const what = typeof model === 'string' ? `model ${model}` : 'model in memory';
  if (typeof model === 'string') await requireFile(model);
  try {
    const native = nativeOptions(options);
    return await onDevice(device, () =>
      typeof model === 'string'
        ? InferenceSession.create(model, native)
        : InferenceSession.create(model, native),
    );
  } catch (error) {
    const message = nativeMessage(error);
    if (device !== 'cpu' && noDevice.test(message)) throw deviceUnavailable(device, message, error);
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

/** Only WebGPU cannot be used by several threads at a time. */
async function onDevice<T>(device: Device, work: () => Promise<T>): Promise<T> {
  return device === 'webgpu' ? inTurn(work) : work();
}

function natives(tensors: PlacedTensors): Record<string, Tensor> {
  const given: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    given[name] = tensor instanceof DeviceTensor ? DeviceTensor.nativeOf(tensor) : toNative(tensor);
  }
  return given;
}
