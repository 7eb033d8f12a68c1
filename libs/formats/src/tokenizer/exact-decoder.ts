import type { LibraryTokenizer } from './library.js';

/**
 * Lets byte tokens give back U+FEFF: the library's `ByteFallback` takes it for a byte order mark at the start of every run
 * of bytes and leaves it out.
 */
export function keepByteOrderMarks({ decoder }: LibraryTokenizer): void {
  const steps = decoder === null ? [] : [decoder, ...(decoder.decoders ?? [])];
  for (const step of steps) {
    if (step.text_decoder !== undefined) step.text_decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  }
}
