import { AppError, type ErrorKind } from '@prad/errors';

/** What onnxruntime says when memory runs out, in its arena and in the C++ library. */
const outOfMemory = /failed to allocate memory|bad_alloc|out of memory|OOM/i;
const noDevice = /no supported adapters|failed to get a webgpu adapter|no cuda-capable device|cuda failure/i;

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
  const reason = messageOf(error);
  return new AppError({ ...classify(reason, fallback), message: `${doing}: ${reason}`, cause: error });
}

function classify(
  reason: string,
  fallback: { readonly kind: ErrorKind; readonly code: string },
): { kind: ErrorKind; code: string } {
  if (outOfMemory.test(reason)) return { kind: 'exhausted', code: 'out_of_memory' };
  if (noDevice.test(reason)) return { kind: 'unavailable', code: 'device_unavailable' };
  return fallback;
}
