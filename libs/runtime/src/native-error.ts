import { AppError, type ErrorKind } from '@prad/errors';

/** What onnxruntime says when memory runs out, in its arena and in the C++ library. */
const outOfMemory = /failed to allocate memory|bad_alloc|out of memory/i;
const noGpu = /no supported adapters|failed to get a webgpu adapter|no cuda-capable device|cuda failure/i;
/** CUDA's part of onnxruntime is downloaded apart from the package. */
const noProvider = /failed to load (shared )?library/i;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An exception of onnxruntime as an AppError; `fallback` says what it means when its text is not known. */
export function translateNative(
  error: unknown,
  doing: string,
  fallback: { readonly kind: ErrorKind; readonly code: string },
): AppError {
  if (error instanceof AppError) return error;
  const known = messageOf(error);
  const reason = noProvider.test(known)
    ? `${known}; run onnxruntime-node's script/install.js with ONNXRUNTIME_NODE_INSTALL=cuda12`
    : known;
  return new AppError({ ...classify(reason, fallback), message: `${doing}: ${reason}`, cause: error });
}

function classify(
  reason: string,
  fallback: { readonly kind: ErrorKind; readonly code: string },
): { kind: ErrorKind; code: string } {
  if (outOfMemory.test(reason)) return { kind: 'exhausted', code: 'out_of_memory' };
  if (noGpu.test(reason) || noProvider.test(reason))
    return { kind: 'unavailable', code: 'device_unavailable' };
  return fallback;
}
