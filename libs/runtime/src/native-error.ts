import { AppError, type ErrorKind } from '@prad/errors';

/** What onnxruntime says when memory runs out, in its arena, in the C++ library and in WebGPU. */
const outOfMemory = /failed to allocate memory|bad_alloc|out of memory/i;

/** Where it was thrown, by file, line and function: of no use to whoever reads the message. */
const origin = /^\/onnxruntime_src\/.*? (?:was false\. )/s;

/** What an exception of onnxruntime says. */
export function nativeMessage(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(origin, '').trim();
}

/** An exception of onnxruntime as an AppError; `fallback` says what it means when its text is not known. */
export function translateNative(
  error: unknown,
  doing: string,
  fallback: { readonly kind: ErrorKind; readonly code: string },
): AppError {
  if (error instanceof AppError) return error;
  const reason = nativeMessage(error);
  const meaning = outOfMemory.test(reason)
    ? ({ kind: 'exhausted', code: 'out_of_memory' } as const)
    : fallback;
  return new AppError({ ...meaning, message: `${doing}: ${reason}`, cause: error });
}
