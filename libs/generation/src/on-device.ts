import type { Graph } from '@prad/graph';
import type { LanguageModel } from '@prad/nn';
import type { Device, SessionOptions } from '@prad/runtime';

/**
 * Whether attention over the cache runs on the device, and so the cache lies there. Elsewhere it runs on the CPU, beside
 * a cache in host memory, and the rest of the graph on the device:
 * - CUDA's GroupQueryAttention takes halves only, and onnxruntime places ours on the CPU by itself;
 * - WebGPU's leaves out the cap on scores, and says nothing (onnxruntime 1.30, seen with Gemma 2).
 */
export function attentionOnDevice(
  { layers, attention }: LanguageModel['dimensions'],
  device: Device,
): boolean {
  const capped = Array.from({ length: layers }, (_, layer) => attention(layer).softcap);
  return device === 'webgpu' && capped.every((softcap) => softcap === undefined);
}

/** How a session of this graph over the cache is opened on a device. */
export function deviceOptions(
  { dimensions }: LanguageModel,
  graph: Graph,
  device: Device = 'cpu',
): Pick<SessionOptions, 'device' | 'cpuNodes'> {
  if (device !== 'webgpu' || attentionOnDevice(dimensions, device)) return { device };
  const attention = graph.nodes.filter(({ operator }) => operator.type === 'GroupQueryAttention');
  return { device, cpuNodes: attention.map(({ name }) => name) };
}
