import { Tensor, type InferenceSession } from 'onnxruntime-node';

/*
 * onnxruntime-node 1.30 writes an output into the tensor given for it, and then copies it once more into a new
 * buffer, so a step that updates a cache costs as much as the cache is large. There is no option against it. But
 * where the first output is one that the binding cannot convert (a sequence), every given tensor has been written by
 * the time the conversion throws, and nothing is copied. So an exception of exactly this text is success.
 *
 * This leans on one version's inner order. `inPlaceWorks` tries it once for each process; where it does not hold any
 * more, `runInto` copies, which is slower and gives the same numbers.
 */
const refusal = 'Non tensor type is temporarily not supported.';

/** Output 0 `done` a sequence, output 1 `y` [n] = x + x; the graph in test/numerics/in-place.spec.ts. */
export const probe = [
  'CAoSBHByYWQ6tgEKFAoBeAoBeBIBeRoEL0FkZCIDQWRkCkEKEi9jb25zdGFudHMvZmxvYXQzMhIEZG9uZRoSL1NlcXVlbmNl',
  'Q29uc3RydWN0IhFTZXF1ZW5jZUNvbnN0cnVjdBIFZ3JhcGgqHBABQhIvY29uc3RhbnRzL2Zsb2F0MzJKBAAAAABaEAoBeBIL',
  'CgkIARIFCgMSAW5iEgoEZG9uZRIKIggKBgoECAESAGIQCgF5EgsKCQgBEgUKAxIBbkICEBVCEQoNY29tLm1pY3Jvc29mdBAB',
].join('');

let works: Promise<boolean> | undefined;

/** Whether the installed onnxruntime writes outputs without copying them; found out once, in milliseconds. */
export function inPlaceWorks(create: (model: Uint8Array) => Promise<InferenceSession>): Promise<boolean> {
  works ??= tryOnce(create);
  return works;
}

async function tryOnce(create: (model: Uint8Array) => Promise<InferenceSession>): Promise<boolean> {
  const session = await create(Buffer.from(probe, 'base64'));
  try {
    const x = new Tensor('float32', Float32Array.of(1, 2, 3), [3]);
    const y = new Tensor('float32', new Float32Array(3), [3]);
    await runRefused(session, { x }, { done: null, y });
    return String(y.data) === '2,4,6';
  } catch {
    return false;
  } finally {
    await session.release();
  }
}

/** Runs and swallows the one refusal that means success; throws when the run succeeds after all. */
async function runRefused(
  session: InferenceSession,
  feeds: InferenceSession.FeedsType,
  fetches: InferenceSession.NullableOnnxValueMapType,
): Promise<void> {
  try {
    await session.run(feeds, fetches);
  } catch (error) {
    if (error instanceof Error && error.message === refusal) return;
    throw error;
  }
  throw new Error('onnxruntime converts sequences now');
}

/**
 * Runs and leaves the outputs in the tensors given. `sequence` names the first output where it is a sequence; without
 * it the outputs are copied.
 */
export async function runInto(
  session: InferenceSession,
  feeds: InferenceSession.FeedsType,
  outputs: Readonly<Record<string, Tensor>>,
  sequence: string | undefined,
): Promise<void> {
  if (sequence !== undefined) {
    await runRefused(session, feeds, { ...outputs, [sequence]: null });
    return;
  }
  const results = await session.run(feeds, outputs);
  for (const [name, output] of Object.entries(outputs)) copyInto(output, results[name]);
}

function copyInto(target: Tensor, result: unknown): void {
  // What lies on a GPU was written where it lies.
  if (target.location === 'gpu-buffer') return;
  if (!(result instanceof Tensor) || result.data === target.data) return;
  const from: unknown = result.data;
  const to: unknown = target.data;
  if (!ArrayBuffer.isView(from) || !ArrayBuffer.isView(to))
    throw new Error('an output is no tensor of numbers');
  bytesOf(to).set(bytesOf(from));
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
