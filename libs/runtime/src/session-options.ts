import type { InferenceSession } from 'onnxruntime-node';
import type { Device } from './device.js';

export interface SessionOptions {
  /** Threads inside one operator; by default onnxruntime takes the physical cores. */
  readonly intraOpThreads?: number;
  /** Operators that a GPU lacks run on the CPU, which onnxruntime decides by itself. `cpu` by default. */
  readonly device?: Device;
  /** Names of nodes that run on the CPU although a `webgpu` device has the operator. */
  readonly cpuNodes?: readonly string[];
  /** Where outputs of a run go: to the host (default), or they stay on a `webgpu` device for `runOnDevice`. */
  readonly outputs?: 'host' | 'device';
  /** Where the weight files lie that a model opened from bytes names; a model file has them beside it. */
  readonly externalDataFolder?: string;
  /**
   * Copy constant weights into the layout that the matrix kernels like best (default). Without it an external
   * weight file stays memory-mapped and shared by all sessions, and decoding is about half as fast.
   */
  readonly prepack?: boolean;
  /** How much onnxruntime rewrites the graph: `all` by default. */
  readonly optimisation?: 'none' | 'basic' | 'extended' | 'all';
  /**
   * Plan the memory of all intermediate values ahead. Off by default: a plan is kept for every shape that comes, which
   * took 4.6 GB instead of 3.0 GB for training SmolLM2-135M on rows of 50 to 110 tokens, and no step was faster.
   */
  readonly memoryPattern?: boolean;
  /** Keep freed memory for the next run. On by default. */
  readonly arena?: boolean;
  /**
   * Let threads that wait for the next operator of a run spin, which saves their wake-up. On by default; off for a
   * session that shares its cores with others.
   */
  readonly spinning?: boolean;
}

/** The same in onnxruntime's terms. */
export function nativeOptions(options: SessionOptions): InferenceSession.SessionOptions {
  const { intraOpThreads, device = 'cpu', cpuNodes = [], prepack = true, optimisation = 'all' } = options;
  const { memoryPattern = false, arena = true, spinning = true, externalDataFolder: folder } = options;
  return {
    executionProviders: [provider(device, cpuNodes)],
    graphOptimizationLevel: optimisation === 'none' ? 'disabled' : optimisation,
    enableMemPattern: memoryPattern,
    enableCpuMemArena: arena,
    executionMode: 'sequential',
    // Errors reach the caller as exceptions; onnxruntime need not print them as well.
    logSeverityLevel: 4,
    ...(intraOpThreads !== undefined && { intraOpNumThreads: intraOpThreads }),
    ...(options.outputs === 'device' && { preferredOutputLocation: 'gpu-buffer' }),
    extra: {
      session: {
        disable_prepacking: prepack ? '0' : '1',
        // Threads that still spun when their run has ended would hold up the next run, which may be another session's.
        force_spinning_stop: '1',
        ...(folder !== undefined && { model_external_initializers_file_folder_path: folder }),
        intra_op: { allow_spinning: spinning ? '1' : '0' },
      },
    },
  };
}

function provider(device: Device, cpuNodes: readonly string[]): InferenceSession.ExecutionProviderConfig {
  // An option with nothing in it is refused.
  return device === 'webgpu' && cpuNodes.length > 0 ? { name: device, forceCpuNodeNames: cpuNodes } : device;
}
